import type { Clock } from "rookery"

/** Lets one through, and the next one only after a while. */
export class Sparing {
  readonly #everyMs: number
  readonly #clock: Clock
  #freeAt = -Infinity

  constructor(everyMs: number, clock: Clock) {
    this.#everyMs = everyMs
    this.#clock = clock
  }

  /** Takes the turn if it is free. */
  take(): boolean {
    const now = this.#clock.now()
    if (now < this.#freeAt) return false
    this.#freeAt = now + this.#everyMs
    return true
  }

  /** Lets the next one through at once. */
  free(): void {
    this.#freeAt = -Infinity
  }
}
