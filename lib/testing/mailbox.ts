import type { ExpectationError, Fail } from "./expectation-error.js"
import { atEndOfTurn, startTimer, stopTimer } from "./real-timers.js"

/** A search for an item. */
export interface Search<T> {
  /** The name of the wanted item in the message of a failure: `new_msg {"text":"hi"}`. */
  readonly wanted: string
  readonly timeoutMs: number
  readonly fail: Fail
  /** Must not throw. */
  fits(item: T): boolean
  /** Describes an item, and why it does not match. */
  show(item: T): string
}

interface Waiting {
  look(): void
  giveUp(): void
}

/** Callers that wait for a change, each with its own timeout. */
class Waiters {
  readonly #all = new Set<Waiting>()

  /** Reports a change. */
  look(): void {
    for (const waiting of [...this.#all]) waiting.look()
  }

  /** Reports that nothing will change any more. */
  giveUp(): void {
    for (const waiting of [...this.#all]) waiting.giveUp()
  }

  /** The result of `attempt`, now or after a later change; `undefined` if there is none in time. */
  wait<R>(attempt: () => R | undefined, timeoutMs: number): Promise<R | undefined> {
    return new Promise((resolve) => {
      const done = (found: R | undefined): void => {
        stopTimer(timer)
        this.#all.delete(waiting)
        resolve(found)
      }
      const waiting: Waiting = {
        look: () => {
          const found = attempt()
          if (found !== undefined) done(found)
        },
        giveUp: () => done(undefined),
      }
      // On a busy event loop the timeout may fire before items that have arrived are handled, so there is one more
      // turn.
      const timer = startTimer(() => atEndOfTurn(waiting.giveUp), timeoutMs)
      this.#all.add(waiting)
    })
  }
}

const MOST_SHOWN = 20

/**
 * The items that have arrived and were not matched yet. An expectation removes the item that it waited for, as
 * `assert_receive` does.
 */
export class Mailbox<T> {
  #items: T[] = []
  readonly #waiters = new Waiters()
  #ending: string | undefined

  /** The items that no expectation has matched. */
  get items(): readonly T[] {
    return [...this.#items]
  }

  add(item: T): void {
    this.#items.push(item)
    this.#waiters.look()
  }

  /** Removes and returns the unmatched items. */
  clear(): T[] {
    const items = this.#items
    this.#items = []
    return items
  }

  /** Nothing more will arrive, for the given reason: waiting callers are told now. */
  end(why: string): void {
    this.#ending ??= why
    this.#waiters.giveUp()
  }

  /** Removes the first item that matches, or waits for it. */
  async take(search: Search<T>): Promise<T> {
    const found = await this.#find(search)
    if (found === undefined) throw this.#nothing(search)
    return found.item
  }

  /** Removes the next item, which must match. */
  async takeNext(search: Search<T>): Promise<T> {
    const item = await this.take({ ...search, fits: () => true })
    if (search.fits(item)) return item
    throw search.fail(`${search.wanted}: something else came first.\n  ${search.show(item)}`)
  }

  /** Waits until the timeout shows that no such item arrived. */
  async refute(search: Search<T>): Promise<void> {
    const found = await this.#find(search)
    if (found !== undefined) throw search.fail(`${search.wanted}: it came.\n  ${search.show(found.item)}`)
  }

  async #find({ fits, timeoutMs }: Search<T>): Promise<{ item: T } | undefined> {
    const attempt = (): { item: T } | undefined => {
      const at = this.#items.findIndex(fits)
      return at === -1 ? undefined : { item: this.#items.splice(at, 1)[0] as T }
    }
    return attempt() ?? (this.#ending === undefined ? this.#waiters.wait(attempt, timeoutMs) : undefined)
  }

  #nothing({ wanted, timeoutMs, fail, show }: Search<T>): ExpectationError {
    const why =
      this.#ending === undefined ? `nothing that fits came within ${timeoutMs} ms` : `it cannot come: ${this.#ending}`
    const shown = this.#items.slice(0, MOST_SHOWN).map((item, i) => `\n  ${i + 1}. ${show(item)}`)
    const more = this.#items.length - shown.length
    const instead = shown.length === 0 ? "Nothing else came either." : `What came instead:${shown.join("")}`
    return fail(`${wanted}: ${why}.\n${instead}${more > 0 ? `\n  and ${more} more` : ""}`)
  }
}

/** A value that changes over time. */
export class Watched<T> {
  #now: T
  readonly #waiters = new Waiters()

  constructor(now: T) {
    this.#now = now
  }

  get now(): T {
    return this.#now
  }

  set now(now: T) {
    this.#now = now
    this.#waiters.look()
  }

  /** The value will not change any more. */
  end(): void {
    this.#waiters.giveUp()
  }

  /** Waits until the value matches. */
  async until({ wanted, timeoutMs, fail, fits, show }: Search<T>): Promise<T> {
    const attempt = (): { now: T } | undefined => (fits(this.#now) ? { now: this.#now } : undefined)
    const found = attempt() ?? (await this.#waiters.wait(attempt, timeoutMs))
    if (found === undefined) throw fail(`${wanted}: not so within ${timeoutMs} ms.\n  ${show(this.#now)}`)
    return found.now
  }
}
