import type { PubSub } from "./pub-sub.js"
import type { Listener, RedisClient } from "./redis-client.js"
import type { Link } from "./redis-link.js"

/** The channels to which a node is subscribed. Changes within one turn are sent together. */
export class Subscriptions {
  readonly #link: Link
  readonly #pubSub: PubSub
  readonly #listener: Listener
  readonly #failed: (error: unknown) => void
  readonly #wanted = new Set<string>()
  #there = new Set<string>()
  /** The channels whose subscription may be out of date, because checking all channels would take too long. */
  #changed = new Set<string>()
  /**
   * The channels requested from the client. A client that reconnects by itself resubscribes to all it had, including
   * those removed in the meantime.
   */
  readonly #asked = new Set<string>()
  #client: RedisClient | undefined
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

  /** The wanted channels. */
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

  /** Redis no longer sends the messages of a channel, so there is no need to unsubscribe. */
  forget(channel: string): void {
    for (const channels of [this.#wanted, this.#there, this.#changed, this.#asked]) channels.delete(channel)
  }

  /**
   * Restores the subscriptions after a reconnect, when the connection may be a new one without any. Resolves once it is
   * subscribed to all wanted channels and to no others.
   */
  again(): Promise<void> {
    this.#there = new Set()
    this.#changed = new Set([...this.#wanted, ...this.#asked])
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

  /** Makes the subscriptions match the wanted channels. */
  async #apply(): Promise<void> {
    const there = this.#there
    const changed = [...this.#changed]
    this.#changed = new Set()
    const missing = changed.filter((channel) => this.#wanted.has(channel) && !there.has(channel))
    const spare = changed.filter((channel) => !this.#wanted.has(channel) && this.#asked.has(channel))
    for (const channel of spare) there.delete(channel)
    try {
      // First, because a RESP2 client reads the replies to `UNSUBSCRIBE` only while it has subscriptions.
      if (missing.length > 0) await this.#link.do((client) => this.#subscribe(client, missing))
      for (const channel of missing) there.add(channel)
      if (spare.length > 0) await this.#link.do((client) => this.#unsubscribe(client, spare))
    } catch (error) {
      for (const channel of changed) this.#changed.add(channel)
      throw error
    }
  }

  #subscribe(client: RedisClient, channels: string[]): Promise<unknown> {
    this.#meet(client)
    for (const channel of channels) this.#asked.add(channel)
    return this.#pubSub.subscribe(client, channels, this.#listener)
  }

  async #unsubscribe(client: RedisClient, channels: string[]): Promise<void> {
    this.#meet(client)
    const asked = channels.filter((channel) => this.#asked.has(channel))
    if (asked.length > 0) await this.#pubSub.unsubscribe(client, asked, this.#listener)
    for (const channel of asked) this.#asked.delete(channel)
  }

  /** Clears the list of requested channels for a new client, which has no subscriptions yet. */
  #meet(client: RedisClient): void {
    if (client !== this.#client) this.#asked.clear()
    this.#client = client
  }
}
