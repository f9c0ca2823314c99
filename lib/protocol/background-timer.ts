import type { Clock } from "./clock.js"

/** Sets a timer that does not keep the process alive: a process must be able to end without closing its endpoint. */
export function backgroundTimer(clock: Clock, callback: () => void, ms: number): unknown {
  const timer = clock.setTimeout(callback, ms)
  // In Node and Bun a timer is an object with `unref()`; elsewhere it is a number.
  ;(timer as { unref?: () => void } | null)?.unref?.()
  return timer
}
