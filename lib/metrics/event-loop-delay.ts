import { backgroundTimer } from "../protocol/background-timer.js"
import type { Clock } from "../protocol/clock.js"

/** The milliseconds between two samples. */
const EVERY_MS = 100

/**
 * Samples how many seconds late a timer fires, which is how long everything else waits for the event loop as well.
 *
 * @returns a function that stops it
 */
export function sampleEventLoopDelay(observe: (seconds: number) => void, clock: Clock): () => void {
  let timer: unknown
  const next = (): void => {
    const due = clock.now() + EVERY_MS
    const sample = (): void => {
      observe(Math.max(0, clock.now() - due) / 1000)
      next()
    }
    timer = backgroundTimer(clock, sample, EVERY_MS)
  }
  next()
  return () => clock.clearTimeout(timer)
}
