import { EventEmitter } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import type { Listener, RedisClient, RedisReply, SentinelClient } from "./redis-client.js"

/** How long Sentinels that name no master are left alone. */
const AGAIN_MS = 250

/** A client that is only asked for the master: it fails where it would try again, and connects to nothing else. */
const ASKED = {
  masterPoolSize: 1,
  replicaPoolSize: 0,
  reserveClient: false,
  scanInterval: 0,
  maxCommandRediscovers: 0,
} as const

/**
 * A connection to the master that Sentinels name. They are asked anew for each connection, so a failover is a lost
 * connection like any other. node-redis's own client of Sentinels sends a command again to the next master that the
 * former one may have done, and tells nobody that it had to subscribe again.
 */
export class MasterClient extends EventEmitter implements RedisClient {
  readonly #sentinel: SentinelClient
  #master: RedisClient | undefined
  #isOver = false

  constructor(sentinel: SentinelClient) {
    super()
    this.#sentinel = sentinel
  }

  get isReady(): boolean {
    return this.#master?.isReady ?? false
  }

  duplicate(): RedisClient {
    return new MasterClient(this.#sentinel)
  }

  /** Resolves once it is connected to the master. Rejects if it is destroyed before. */
  async connect(): Promise<void> {
    for (;;) {
      try {
        return await this.#follow()
      } catch (error) {
        this.#master?.destroy()
        this.#master = undefined
        if (this.#isOver) throw error
        this.emit("error", error)
        await sleep(AGAIN_MS)
      }
    }
  }

  destroy(): void {
    this.#isOver = true
    this.#master?.destroy()
  }

  sendCommand(...args: Parameters<RedisClient["sendCommand"]>): Promise<RedisReply> {
    return this.#known.sendCommand(...args)
  }

  subscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown> {
    return this.#known.subscribe(channels, listener, bufferMode)
  }

  unsubscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown> {
    return this.#known.unsubscribe(channels, listener, bufferMode)
  }

  sSubscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown> {
    return this.#known.sSubscribe(channels, listener, bufferMode)
  }

  sUnsubscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown> {
    return this.#known.sUnsubscribe(channels, listener, bufferMode)
  }

  get #known(): RedisClient {
    if (this.#master === undefined) throw new Error("no master is known")
    return this.#master
  }

  async #follow(): Promise<void> {
    const master = (this.#master = await this.#named())
    if (this.#isOver) throw new Error("the client is destroyed")
    let isThere = false
    master.on("error", (error) => {
      if (master !== this.#master) return
      // While it connects, the attempt fails as well.
      if (isThere || master.isReady) this.emit("error", error)
      if (isThere && !master.isReady) this.#lost(master)
    })
    await master.connect()
    if (!master.isReady) throw new Error("the master was gone at once")
    isThere = true
    this.emit("ready")
  }

  #lost(master: RedisClient): void {
    this.#master = undefined
    master.destroy()
    // It rejects only if it is destroyed.
    if (!this.#isOver) this.connect().catch(() => undefined)
  }

  /** A client of the master, which only a client of Sentinels that is connected can make. */
  async #named(): Promise<RedisClient> {
    const sentinel = this.#sentinel.duplicate(ASKED)
    // With a listener, or it would end the process.
    sentinel.on("error", () => {})
    try {
      await sentinel.connect()
      // oxlint-disable-next-line no-underscore-dangle
      return await sentinel._execute(false, async (master) => {
        // It is not to come back by itself: another one may be the master by then.
        const socket = { ...(master.options?.socket as object), reconnectStrategy: false }
        return master.duplicate({ disableOfflineQueue: true, socket })
      })
    } finally {
      sentinel.destroy().catch(() => undefined)
    }
  }
}
