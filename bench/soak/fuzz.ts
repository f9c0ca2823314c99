import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { DECODERS } from "../../spec/hostile/decoders.js"
import type { Guided } from "../../spec/hostile/guided.js"
import type { Row, Soak } from "./soak.js"

const LONGEST_MS = 2000
const PROGRAM = fileURLToPath(new URL("fuzz-process.ts", import.meta.url))

async function guided(which: number, count: number, seed: number): Promise<Guided> {
  const args = ["--import", "tsx", PROGRAM, ...[which, count, seed].map(String)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Guided
}

/** Guided inputs: an input that reaches new code is kept and changed further. */
export const fuzz: Soak = {
  name: "fuzz",
  title: "inputs that coverage guides, from the recorded frames on, for each decoder: a message, or one kind of error",
  async run({ seed, count = 40_000 }) {
    const rows: Row[] = []
    for (const which of DECODERS.keys()) {
      const { decoder, tried, messages, kept, ways, found, slowest } = await guided(which, count, seed + which)
      const seen = `${messages} messages; ${kept} kept, ${found} of ${ways} ways found; at most ${slowest.toFixed(0)} ms`
      rows.push({ tried: decoder, times: tried, lost: 0, gotIn: slowest > LONGEST_MS ? 1 : 0, seen })
    }
    return rows
  },
}
