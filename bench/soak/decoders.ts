import { BOMBS } from "../../spec/hostile/bombs.js"
import { tryDecoders } from "../../spec/hostile/try-decoders.js"
import { inMebibytes, usedBytes } from "./heap.js"
import type { Row, Soak } from "./soak.js"

/** The time that one input may take, with a garbage collection. No input is larger than a few mebibytes. */
const LONGEST_MS = 5000
const MOST_LEFT = 32 * 2 ** 20

/** A million generated inputs and every bomb, for each decoder. */
export const decoders: Soak = {
  name: "decoders",
  title: `a million inputs and ${BOMBS.length} bombs for each decoder: a message, or one kind of error`,
  async run({ seed, count = 1_000_000 }) {
    tryDecoders(1000, seed)
    const before = await usedBytes()
    const tried = tryDecoders(count, seed)
    const left = (await usedBytes()) - before
    const rows = tried.map(({ decoder, tried, messages, refused, slowest, slowestInput }): Row => ({
      tried: decoder,
      times: tried,
      lost: tried - messages - refused,
      gotIn: slowest > LONGEST_MS ? 1 : 0,
      seen: `${messages} messages, ${refused} refused, at most ${slowest.toFixed(0)} ms (${slowestInput.kind})`,
    }))
    const kept = { tried: "memory kept", times: 1, lost: 0, gotIn: left > MOST_LEFT ? 1 : 0, seen: inMebibytes(left) }
    return [...rows, kept]
  },
}
