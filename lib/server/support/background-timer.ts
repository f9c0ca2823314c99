import type { Clock } from "../../protocol/clock.js"

/** Sets a timer that does not keep the process alive: an endpoint that nobody closed must not hold up its end. */
export function backgroundTimer(clock: Clock, callback: () => void, ms: number): unknown {
  const timer = clock.setTimeout(callback, ms)
  // In Node and Bun a timer is an object that can be told so; elsewhere it is a number.
  ;(timer as { unref?: () => void } | null)?.unref?.()
  return timer
}
