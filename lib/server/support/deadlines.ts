import { LONGEST_MS, type Clock } from "../../protocol/clock.js"
import { backgroundTimer } from "../../protocol/background-timer.js"

/** Keys that are due in the same span of this length share one timer, so a deadline may pass by as much. */
export const GRAIN_MS = 1000

/** Called when the deadline of a key has passed. Returns the key's next deadline, or `undefined` for none. */
export type Due<Key> = (key: Key, now: number) => number | undefined

/**
 * Calls back when the deadline of a key has passed. One timer serves any number of keys, and does not keep the process
 * alive.
 */
export class Deadlines<Key> {
  readonly #clock: Clock
  readonly #due: Due<Key>
  /** The number of the span in which each key is due. */
  readonly #spans = new Map<Key, number>()
  readonly #keys = new Map<number, Set<Key>>()
  #timer: unknown
  /** The span that the timer waits for. */
  #next = Infinity

  constructor(clock: Clock, due: Due<Key>) {
    this.#clock = clock
    this.#due = due
  }

  /** The number of keys that have a deadline. */
  get size(): number {
    return this.#spans.size
  }

  /** Sets the deadline of a key, and replaces its earlier one. `Infinity` removes the deadline. */
  set(key: Key, at: number): void {
    const span = Math.ceil(at / GRAIN_MS)
    if (this.#spans.get(key) === span) return
    this.delete(key)
    if (!Number.isFinite(span)) return
    this.#spans.set(key, span)
    const keys = this.#keys.get(span)
    if (keys === undefined) this.#keys.set(span, new Set([key]))
    else keys.add(key)
    if (span < this.#next) this.#wait(span)
  }

  delete(key: Key): void {
    const span = this.#spans.get(key)
    if (span === undefined) return
    this.#spans.delete(key)
    const keys = this.#keys.get(span)
    keys?.delete(key)
    if (keys?.size === 0) this.#keys.delete(span)
  }

  #wait(span: number): void {
    this.#clock.clearTimeout(this.#timer)
    this.#next = span
    const ms = Math.max(0, span * GRAIN_MS - this.#clock.now())
    this.#timer = backgroundTimer(this.#clock, this.#fire, Math.min(ms, LONGEST_MS))
  }

  readonly #fire = (): void => {
    this.#next = Infinity
    const now = this.#clock.now()
    for (const span of [...this.#keys.keys()]) if (span * GRAIN_MS <= now) this.#finish(span, now)
    if (this.#keys.size === 0) return
    let next = Infinity
    for (const span of this.#keys.keys()) next = Math.min(next, span)
    this.#wait(next)
  }

  #finish(span: number, now: number): void {
    const keys = this.#keys.get(span)
    this.#keys.delete(span)
    for (const key of keys ?? []) {
      this.#spans.delete(key)
      const next = this.#due(key, now)
      if (next !== undefined) this.set(key, Math.max(next, now + GRAIN_MS))
    }
  }
}
