import type { Link } from "./redis-link.js"

/** The channels that a node listens to. Those that come and go in one turn are asked for together. */
export class Subscriptions {
  readonly #link: Link
  readonly #listener: (message: Buffer, channel: Buffer) => void
  readonly #failed: (error: unknown) => void
  readonly #wanted = new Set<string>()
  #there = new Set<string>()
  /** Those that may be wanted and not there, or the other way round: to go through all of them would be long. */
  #changed = new Set<string>()
  #scheduled: Promise<void> | undefined
  #settling: Promise<void> = Promise.resolve()

  constructor(link: Link, message: (channel: string, message: Buffer) => void, failed: (error: unknown) => void) {
    this.#link = link
    this.#listener = (bytes, channel) => message(String(channel), bytes)
    this.#failed = failed
  }

  /** Listens to a channel; resolves once Redis has confirmed it. */
  add(channel: string): Promise<void> {
    this.#wanted.add(channel)
    this.#changed.add(channel)
    return this.#there.has(channel) ? this.#settling : this.#settle()
  }

  remove(channel: string): void {
    this.#wanted.delete(channel)
    this.#changed.add(channel)
    if (this.#link.up) this.#settle().catch((error: unknown) => this.#failed(error))
  }

  /** The link came back: it may be a new one that listens to nothing yet. Resolves once it listens to everything. */
  again(): Promise<void> {
    this.#there = new Set()
    this.#changed = new Set(this.#wanted)
    return this.#settle()
  }

  #settle(): Promise<void> {
    this.#scheduled ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#scheduled = undefined
        const settled = this.#settling.then(() => this.#apply())
        this.#settling = settled.catch(() => {})
        settled.then(resolve, reject)
      })
    })
    return this.#scheduled
  }

  /** Makes what there is what is wanted. */
  async #apply(): Promise<void> {
    const there = this.#there
    const changed = [...this.#changed]
    this.#changed = new Set()
    const missing = changed.filter((channel) => this.#wanted.has(channel) && !there.has(channel))
    const spare = changed.filter((channel) => !this.#wanted.has(channel) && there.has(channel))
    for (const channel of spare) there.delete(channel)
    try {
      if (spare.length > 0) await this.#link.do((client) => client.unsubscribe(spare, this.#listener, true))
      if (missing.length > 0) await this.#link.do((client) => client.subscribe(missing, this.#listener, true))
    } catch (error) {
      for (const channel of missing) this.#changed.add(channel)
      throw error
    }
    for (const channel of missing) there.add(channel)
  }
}
