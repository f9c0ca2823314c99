import type { Fault } from "../../support/byte-proxy.js"
import type { Chance } from "../random.js"
import type { Backend } from "./backend.js"
import { liveOn, type Lived } from "./faults.js"
import type { Manner } from "./life.js"

export const KINDS: readonly Fault["kind"][] = ["cut", "end", "half", "stall", "late"]

/** The faults of one kind, and the outcomes of the clients that had them. */
export interface Tried {
  readonly manner: Manner
  readonly kind: Fault["kind"]
  times: number
  /** The faults that came too late for their connection. */
  missed: number
  timers: number
  readonly outcomes: Record<string, number>
}

/** Runs jobs, `count` of them at once. */
export async function someAtOnce<T>(jobs: readonly T[], run: (job: T) => Promise<void>, count = 16): Promise<void> {
  const rest = jobs[Symbol.iterator]()
  const one = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await run(next.value)
  }
  await Promise.all(Array.from({ length: count }, one))
}

/** Every byte, in both directions, of all connections of a client without a fault. */
async function places(backend: Backend, manner: Manner): Promise<Omit<Fault, "kind">[]> {
  const { lines } = await liveOn(backend, manner, `${manner}, unharmed`)
  return lines.flatMap((carried, line) =>
    (["out", "in"] as const).flatMap((way) =>
      Array.from({ length: carried[way] + 1 }, (_, at): Omit<Fault, "kind"> => ({ line, way, at })),
    ),
  )
}

/** Tries one fault at a time, at every byte or at randomly chosen ones. */
export async function tryCuts(
  backend: Backend,
  manner: Manner,
  kinds: readonly Fault["kind"][] = KINDS,
  some?: { readonly count: number; readonly chance: Chance },
): Promise<Tried[]> {
  const all = await places(backend, manner)
  const tried = new Map(kinds.map((kind) => [kind, newTried(manner, kind)]))
  const jobs = kinds.flatMap((kind) => {
    const chosen = some ? Array.from({ length: some.count }, () => some.chance.of(all)) : all
    return chosen.map((place): Fault => ({ ...place, kind }))
  })
  await someAtOnce(jobs, async (fault) => {
    const { line, way, at, kind } = fault
    const what = `${manner}, ${kind} at byte ${at} ${way} of line ${line}`
    const lived = await liveOn(backend, manner, what, fault)
    note(tried.get(kind) as Tried, lived)
  })
  return [...tried.values()]
}

const newTried = (manner: Manner, kind: Fault["kind"]): Tried => ({
  manner,
  kind,
  times: 0,
  missed: 0,
  timers: 0,
  outcomes: {},
})

function note(tried: Tried, { struck, outcomes, timers }: Lived): void {
  tried.times++
  if (!struck) tried.missed++
  tried.timers = Math.max(tried.timers, timers)
  for (const outcome of outcomes) {
    const name = String(outcome)
    tried.outcomes[name] = (tried.outcomes[name] ?? 0) + 1
  }
}
