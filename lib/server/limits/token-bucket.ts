const systemNow = (): number => performance.now()

/** So many at once, and so many a second in the long run. */
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

  /** Takes one, or more; `false` if there is none. The clock is only asked when the bucket is empty. */
  take(count = 1): boolean {
    if (this.#left < count) {
      const time = this.#now()
      this.#left = Math.min(this.#burst, this.#left + (time - this.#filled) * this.#rate)
      this.#filled = time
      // Whoever asks for more than there ever is gets all there is.
      if (this.#left < Math.min(count, this.#burst)) return false
    }
    this.#left -= count
    return true
  }

  /** Whether as many could be taken at once as ever. */
  isFull(): boolean {
    return this.#left + (this.#now() - this.#filled) * this.#rate >= this.#burst
  }
}
