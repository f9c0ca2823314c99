import { attack } from "./attack.js"
import { connections } from "./connections.js"
import { day } from "./day.js"
import { decoders } from "./decoders.js"
import { edge } from "./edge.js"
import { fuzz } from "./fuzz.js"
import { line } from "./line.js"
import { model } from "./model.js"
import type { Soak } from "./soak.js"
import { storm } from "./storm.js"

/** All soaks that `npm run soak` can run. */
export const soaks: readonly Soak[] = [decoders, fuzz, model, line, edge, attack, connections, day, storm]
