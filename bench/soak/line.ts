import { startBackend, type Backend } from "../../spec/hostile/line/backend.js"
import { cutClients, emptied, silentClients } from "../../spec/hostile/line/clients.js"
import { setTheDate, sleepThrough } from "../../spec/hostile/line/clocks.js"
import { KINDS, someAtOnce, tryCuts } from "../../spec/hostile/line/cuts.js"
import { BAD_FRAMES, BAD_HANDSHAKES, CLOSES } from "../../spec/hostile/line/nonsense.js"
import { HARMS, pollThrough } from "../../spec/hostile/line/polls.js"
import { giveUpOn, meet } from "../../spec/hostile/line/try-nonsense.js"
import { handles } from "../../spec/hostile/long/connections.js"
import { Chance } from "../../spec/hostile/random.js"
import type { Row, Soak } from "./soak.js"

/** The number of tried bytes over long-poll, out of about seven thousand, because a stalled request takes real time. */
const OF_LONG_POLL = 500

const row = (tried: string, times: number, seen: string, gotIn = 0): Row => ({ tried, times, lost: 0, gotIn, seen })

/** The counts by name, in words. */
const told = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ")

async function cuts(backend: Backend, chance: Chance, count: number | undefined): Promise<Row[]> {
  const rows: Row[] = []
  for (const manner of ["text", "binary", "long-poll"] as const) {
    const some = count ?? (manner === "long-poll" ? OF_LONG_POLL : undefined)
    const tried = await tryCuts(backend, manner, KINDS, some === undefined ? undefined : { count: some, chance })
    for (const { kind, times, outcomes, timers } of tried)
      rows.push(row(`${manner}: ${kind}`, times, `pushes: ${told(outcomes)}; at most ${timers} timers at once`))
  }
  return rows
}

async function nonsense(backend: Backend, chance: Chance, count: number | undefined): Promise<Row[]> {
  const refused = BAD_HANDSHAKES.filter(({ comes }) => comes === "refused")
  const all = [...BAD_HANDSHAKES, ...CLOSES, ...BAD_FRAMES]
  await someAtOnce(all, (each) => meet(backend, each))
  await someAtOnce(refused, (each) => giveUpOn(backend, each))
  const harms = count === undefined ? HARMS : Array.from({ length: count }, () => chance.of(HARMS))
  await someAtOnce(harms, (harm) => pollThrough(backend, harm))
  return [
    row("answers to a handshake", BAD_HANDSHAKES.length, "each refused with a reason, the next one taken"),
    row("servers that never make sense", refused.length, "given up after three attempts, with the reason"),
    row("closes", CLOSES.length, "each with its own code, or 1006 where no frame may carry it"),
    row("frames and messages", BAD_FRAMES.length, "the line lost or kept, as it ought to be"),
    row("answers of long-poll", harms.length, "a session lost at most; no push took effect twice"),
  ]
}

async function clocks(backend: Backend, chance: Chance, times: number): Promise<Row[]> {
  for (const meanwhile of ["nothing", "cut", "silent"] as const)
    for (let i = 0; i < times; i++) await sleepThrough(backend, meanwhile, chance)
  for (let i = 0; i < times; i++) await setTheDate(backend, chance)
  return [
    row("nights asleep", 9 * times, "connected again; the line meanwhile as it was, cut, or silent"),
    row("dates set", times, "forward and back by years, at every look"),
  ]
}

async function clients(backend: Backend, chance: Chance, count: number | undefined): Promise<Row[]> {
  const some = count === undefined ? undefined : { count, chance }
  const gone = await cutClients(backend, some)
  const impatient = await startBackend({ idleMs: 100, closeMs: 50 })
  try {
    gone.push(await silentClients(impatient, some))
    const empty = await emptied(impatient)
    const kept = impatient.left() + impatient.wrongs.length
    const rows = gone.map(({ what, times }) =>
      row(`the endpoint's ${what}`, times, "cut by a reset, an end or silence"),
    )
    return [...rows, row("left at that endpoint", 1, empty ? "nothing" : String(impatient.wrongs), kept)]
  } finally {
    await impatient.close()
  }
}

/** One fault on a real connection, at every byte of it. */
export const line: Soak = {
  name: "line",
  title: "cuts, stalls and nonsense at every byte of a line: connected again, each push told, no room joined twice",
  async run({ seed, count }) {
    const chance = new Chance(seed)
    const unhandled: unknown[] = []
    const note = (error: unknown): number => unhandled.push(error)
    process.on("unhandledRejection", note)
    const backend = await startBackend()
    try {
      const rows = [
        ...(await cuts(backend, chance, count)),
        ...(await nonsense(backend, chance, count)),
        ...(await clocks(backend, chance, count ?? 100)),
        ...(await clients(backend, chance, count)),
      ]
      const empty = await emptied(backend)
      const { Timeout: timers = 0 } = handles()
      const wrongs = [...backend.wrongs, ...unhandled.map(String)]
      return [
        ...rows,
        row("joins", backend.joins, "never two of one room on one connection", wrongs.length),
        row("left at the endpoint", 1, wrongs[0] ?? (empty ? "nothing" : "somebody"), backend.left()),
        row("timers left", 1, `${timers}`, timers),
      ]
    } finally {
      await backend.close()
      process.off("unhandledRejection", note)
    }
  },
}
