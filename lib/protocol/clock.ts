/** An injected source of time: everything that waits or measures uses it, so that tests can stop time. */
export interface Clock {
  /** Milliseconds since any fixed moment. */
  now(): number
  /** Milliseconds since 1970, to compare with a time from outside. @default Date.now() */
  date?(): number
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}

/** The longest delay that every platform's timers support: a timer with a longer one fires at once. */
export const LONGEST_MS: number = 2 ** 31 - 1

/** Milliseconds since 1970. */
export const dateOf = (clock: Clock): number => clock.date?.() ?? Date.now()

/** The platform's own clock, looked up at each call so that fake timers installed later are seen. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
}
