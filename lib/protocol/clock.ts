/** Time, from outside: everything that waits or measures asks this, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since any fixed moment. */
  now(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** The platform's own clock, looked up at each call so that fake timers installed later are seen. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
}
