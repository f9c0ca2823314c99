/** So many at once, and so many a second in the long run. */
export class TokenBucket {
  readonly #rate: number
  readonly #burst: number
  #tokens: number
  #filled: number

  constructor(perSecond: number, burst: number, now: number) {
    this.#rate = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#filled = now
  }

  /** Takes one; `false` if there is none. The clock is only asked when the bucket is empty. */
  take(now: () => number): boolean {
    if (this.#tokens < 1) {
      const time = now()
      this.#tokens = Math.min(this.#burst, this.#tokens + (time - this.#filled) * this.#rate)
      this.#filled = time
      if (this.#tokens < 1) return false
    }
    this.#tokens--
    return true
  }

  /** Whether as many could be taken at once as ever. */
  isFull(now: () => number): boolean {
    return this.#tokens + (now() - this.#filled) * this.#rate >= this.#burst
  }
}
