const systemNow = (): number => performance.now()

/** A token bucket: allows a burst at once, and a rate per second in the long run. */
export class TokenBucket {
  readonly #rate: number
  readonly #burst: number
  readonly #now: () => number
  #left: number
  #filled: number

  constructor(perSecond: number, burst: number, now: () => number = systemNow) {
    this.#rate = perSecond / 1000
    this.#burst = burst
    this.#now = now
    this.#left = burst
    this.#filled = now()
  }

  /** Takes tokens; `false` if there are too few. The clock is read only then. */
  take(count = 1): boolean {
    if (this.#left < count) {
      const time = this.#now()
      this.#left = Math.min(this.#burst, this.#left + (time - this.#filled) * this.#rate)
      this.#filled = time
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
