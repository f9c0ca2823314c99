import { setTimeout as sleep } from "node:timers/promises"

/** A harm, and its end. */
export interface Fault {
  readonly name: string
  run(): Promise<void>
}

/** Whole numbers from 0. */
export type Random = (below: number) => number

/** The longest that something is away. */
export const AWAY_MS = 3000

/** Sends a signal to a process. */
type Signal = (signal: "SIGSTOP" | "SIGCONT") => void

/** Stops a process that is chosen each time, and lets it continue. */
export const stopped = (who: string, random: Random, chosen: () => Promise<Signal> | Signal): Fault => ({
  name: `${who} stopped (SIGSTOP) and continued`,
  async run() {
    const signal = await chosen()
    signal("SIGSTOP")
    await sleep(random(AWAY_MS))
    signal("SIGCONT")
  },
})
