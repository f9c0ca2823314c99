import { configureGlobal } from "fast-check"
import { chosenSeed } from "../hostile/random.js"

// Properties are tried with the same values in each run of one commit; `SEED=7 npx vitest run` tries others.
configureGlobal({ seed: chosenSeed() })
