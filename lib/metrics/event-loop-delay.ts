import type { Clock } from "../protocol/clock.js"
import type { Histogram } from "./histogram.js"

/** The milliseconds between two samples. */
const EVERY_MS = 100

/**
 * Samples how late a timer fires, which is how long everything else waits for the event loop as well.
 *
 * @returns a function that stops it
 */
export function sampleEventLoopDelay(histogram: Histogram, clock: Clock): () => void {
  let timer: unknown
  const next = (): void => {
    const due = clock.now() + EVERY_MS
    timer = clock.setTimeout(() => {
      histogram.observe(Math.max(0, clock.now() - due) / 1000)
      next()
    }, EVERY_MS)
    // A process that has nothing else to do must be able to end. In a browser a timer is a number.
    ;(timer as { unref?: () => void } | null)?.unref?.()
  }
  next()
  return () => clock.clearTimeout(timer)
}
