import type { Installation, InstallationEvents } from "./installation.js"
import type { PubSub } from "./pub-sub.js"
import type { RedisClient, RedisReply } from "./redis-client.js"
import { isScriptMissing, Link } from "./redis-link.js"
import type { Script } from "./scripts.js"
import { Subscriptions } from "./subscriptions.js"

/** A single Redis with two connections: one for commands, and one for subscriptions. */
export class OneRedis implements Installation {
  readonly pubSub: PubSub
  readonly #events: InstallationEvents
  readonly #commands: Link
  readonly #subscriber: Link
  readonly #subscriptions: Subscriptions
  /**
   * The scripts whose text was sent on this connection. The first run of a script sends its text, also if Redis may know
   * it: if that run was refused for want of the script and repeated, the next message of a topic could overtake it.
   */
  readonly #loaded = new Set<string>()

  constructor(make: () => RedisClient, pubSub: PubSub, timeoutMs: number, events: InstallationEvents) {
    this.pubSub = pubSub
    this.#events = events
    const down = (): void => events.changed()
    this.#commands = new Link(make, timeoutMs, { up: () => this.#up(), down })
    this.#subscriber = new Link(() => this.#listening(make()), timeoutMs, { up: () => this.#again(), down })
    this.#subscriptions = new Subscriptions(
      this.#subscriber,
      pubSub,
      (channel, message) => events.message(channel, message),
      (error) => events.failed(error),
    )
  }

  get up(): boolean {
    return this.#commands.up
  }

  get healthy(): boolean {
    return this.#commands.up && this.#subscriber.up
  }

  async open(): Promise<void> {
    await Promise.all([this.#commands.open(), this.#subscriber.open()])
  }

  close(): void {
    this.#subscriber.close()
    this.#commands.close()
  }

  async check(): Promise<void> {
    await Promise.all([this.#commands.check(), this.#subscriber.check()])
  }

  ask(command: string, key: string, ...args: (string | Buffer)[]): Promise<RedisReply> {
    return this.#commands.ask(command, key, ...args)
  }

  async run(script: Script, keys: readonly string[], ...args: (string | Buffer)[]): Promise<RedisReply> {
    const { sha, text } = script[this.pubSub.publish]
    const rest = [String(keys.length), ...keys, ...args]
    if (this.#loaded.has(sha)) {
      try {
        return await this.#commands.ask("EVALSHA", sha, ...rest)
      } catch (error) {
        // Otherwise the scripts were removed (SCRIPT FLUSH).
        if (!isScriptMissing(error)) throw error
      }
    }
    this.#loaded.add(sha)
    try {
      return await this.#commands.ask("EVAL", text, ...rest)
    } catch (error) {
      this.#loaded.delete(sha)
      throw error
    }
  }

  add(channel: string): Promise<void> {
    return this.#subscriptions.add(channel)
  }

  remove(channel: string): void {
    this.#subscriptions.remove(channel)
  }

  /** Redis no longer sends the messages of a channel, so there is no need to unsubscribe. */
  forget(channel: string): void {
    this.#subscriptions.forget(channel)
  }

  #up(): void {
    // The connection may be a new one, to a Redis that knows no scripts.
    this.#loaded.clear()
    this.#events.changed()
    this.#events.up()
  }

  #listening(client: RedisClient): RedisClient {
    client.on("sharded-channel-moved", (channel) => {
      this.forget(String(channel))
      this.#events.again([String(channel)])
    })
    // The client could not parse some data, and has dropped the data that came with it.
    client.on("error", () => client.isReady && this.#subscriber.renew())
    return client
  }

  /** The subscriber is connected: the connection may be a new one without subscriptions. */
  #again(): void {
    this.#events.changed()
    void this.#subscriptions
      .again()
      .catch((error: unknown) => this.#events.failed(error))
      // If the joint subscription failed, the channels are added one by one.
      .then(() => this.#subscriber.up && this.#events.again(this.#subscriptions.wanted))
  }
}
