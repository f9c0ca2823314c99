import type { PubSub } from "./pub-sub.js"
import type { Listener } from "./redis-client.js"
import type { Link } from "./redis-link.js"

/** The channels that a node listens to. Those that come and go in one turn are asked for together. */
export class Subscriptions {
  readonly #link: Link
  readonly #pubSub: PubSub
  readonly #listener: Listener
  readonly #failed: (error: unknown) => void
  readonly #wanted = new Set<string>()
  #there = new Set<string>()
  /** Those that may be wanted and not there, or the other way round: to go through all of them would be long. */
  #changed = new Set<string>()
  #scheduled: Promise<void> | undefined
  #settling: Promise<void> = Promise.resolve()

  constructor(
    link: Link,
    pubSub: PubSub,
    message: (channel: string, message: Buffer) => void,
    failed: (error: unknown) => void,
  ) {
    this.#link = link
    this.#pubSub = pubSub
    this.#listener = (bytes, channel) => message(String(channel), bytes)
    this.#failed = failed
  }

  /** The channels that are to be listened to. */
  get wanted(): Iterable<string> {
    return this.#wanted
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

  /** Redis no longer sends the messages of a channel: it is not asked to stop. */
  forget(channel: string): void {
    for (const channels of [this.#wanted, this.#there, this.#changed]) channels.delete(channel)
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
      if (spare.length > 0) await this.#link.do((client) => this.#pubSub.unsubscribe(client, spare, this.#listener))
      if (missing.length > 0) await this.#link.do((client) => this.#pubSub.subscribe(client, missing, this.#listener))
    } catch (error) {
      for (const channel of missing) this.#changed.add(channel)
      throw error
    }
    for (const channel of missing) there.add(channel)
  }
}
