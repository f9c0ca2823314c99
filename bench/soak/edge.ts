import { openBackend } from "../../spec/hostile/edge/backend.js"
import { tryEdge } from "../../spec/hostile/edge/try-edge.js"
import { Chance } from "../../spec/hostile/random.js"
import type { Row, Soak } from "./soak.js"

const told = (answers: ReadonlyMap<string, number>): string =>
  [...answers]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([digit, count]) => `${digit}xx ${count}`)
    .join(", ")

/** Pipelined and malformed HTTP, over TCP and TLS. */
export const edge: Soak = {
  name: "edge",
  title: "HTTP of any form, pipelined, cut, half closed and reset: nothing is thrown, and honest clients are served",
  async run({ seed, count = 100_000 }) {
    await using backend = await openBackend()
    const { tried, thrown, left } = await tryEdge(backend, new Chance(seed), count)
    const rows: Row[] = tried.map(({ kind, times, answers }) => ({
      tried: kind,
      times,
      lost: 0,
      gotIn: 0,
      seen: `answers: ${told(answers) || "none"}`,
    }))
    const [first] = thrown
    rows.push({ tried: "uncaught errors", times: 1, lost: 0, gotIn: thrown.length, seen: first ?? "none" })
    rows.push({ tried: "connections left", times: 1, lost: 0, gotIn: left, seen: String(left) })
    return rows
  },
}
