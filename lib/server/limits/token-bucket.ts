const systemNow = (): number => performance.now()

/** The part of a burst that may be spent before the clock is read again. */
const STEP = 1 / 16

/** A token bucket: allows a burst at once, and a rate per second in the long run. */
export class TokenBucket {
  readonly #rate: number
  readonly #burst: number
  readonly #now: () => number
  #left: number
  /** The time at which the bucket was last refilled. */
  #filled: number
  /** The number of tokens below which the clock is read again. */
  #lookBelow: number

  constructor(perSecond: number, burst: number, now: () => number = systemNow) {
    this.#rate = perSecond / 1000
    this.#burst = burst
    this.#now = now
    this.#left = burst
    this.#filled = now()
    this.#lookBelow = burst * (1 - STEP)
  }

  /**
   * Spends tokens; `false` if there are too few. The clock is read once in a sixteenth of the burst: reading it for each
   * frame costs time, and reading it only when the bucket is empty would give a client that was quiet two bursts at once.
   */
  take(count = 1): boolean {
    if (this.#left - count < this.#lookBelow) {
      const time = this.#now()
      this.#left = Math.min(this.#burst, this.#left + (time - this.#filled) * this.#rate)
      this.#filled = time
      this.#lookBelow = Math.max(0, this.#left - this.#burst * STEP)
      // A request for more tokens than the bucket ever holds is allowed when the bucket is full.
      if (this.#left < Math.min(count, this.#burst)) return false
    }
    this.#left -= count
    return true
  }

  /** Whether the bucket is full. */
  isFull(): boolean {
    return this.#left + (this.#now() - this.#filled) * this.#rate >= this.#burst
  }
}
