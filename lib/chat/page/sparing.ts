import type { Clock } from "rookery"

/** A throttle: lets one call through, and the next one only after a while. */
export class Sparing {
  readonly #everyMs: number
  readonly #clock: Clock
  #freeAt = -Infinity

  constructor(everyMs: number, clock: Clock) {
    this.#everyMs = everyMs
    this.#clock = clock
  }

  /** Returns whether a call may go through now. */
  take(): boolean {
    const now = this.#clock.now()
    if (now < this.#freeAt) return false
    this.#freeAt = now + this.#everyMs
    return true
  }

  /** Lets the next call through at once. */
  free(): void {
    this.#freeAt = -Infinity
  }
}
