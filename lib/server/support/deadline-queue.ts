import type { Clock } from "../../protocol/clock.js"

/**
 * Items that all have the same timeout, in the order of their deadlines. One timer serves all of them, and an item
 * costs one entry of a map.
 */
export class DeadlineQueue<T> {
  /** The time at which each item was added, the oldest first. */
  readonly #since = new Map<T, number>()
  readonly #ms: number
  readonly #clock: Clock
  readonly #due: (item: T) => void
  #timer: unknown

  /**
   * @param ms the timeout of each item in milliseconds; `Infinity` for a queue without a deadline
   * @param due called with each item whose deadline has passed, after it was removed
   */
  constructor(ms: number, clock: Clock, due: (item: T) => void) {
    this.#ms = ms
    this.#clock = clock
    this.#due = due
  }

  get size(): number {
    return this.#since.size
  }

  /** The item that was added first. */
  get oldest(): T | undefined {
    return this.#since.keys().next().value
  }

  /** Adds an item, or restarts its timeout. */
  add(item: T): void {
    this.#since.delete(item)
    this.#since.set(item, this.#clock.now())
    if (this.#timer === undefined) this.#wait()
  }

  /** Removes an item. Removing the last one clears the timer, which would keep the process alive. */
  delete(item: T): void {
    if (!this.#since.delete(item) || this.#since.size > 0) return
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(): void {
    const [first] = this.#since.values()
    if (first === undefined || this.#ms === Infinity) return
    const left = Math.max(1, Math.ceil(first + this.#ms - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => this.#look(), left)
  }

  #look(): void {
    this.#timer = undefined
    const late = this.#clock.now() - this.#ms
    for (const [item, since] of this.#since) {
      if (since > late) break
      this.#since.delete(item)
      this.#due(item)
    }
    if (this.#timer === undefined) this.#wait()
  }
}
