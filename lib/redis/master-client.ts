import { EventEmitter } from "node:events"
import type { Listener, RedisClient, RedisReply, SentinelClient } from "./redis-client.js"
import { within } from "./redis-link.js"

/** The first and the longest pause before Sentinels that name no master are asked again. */
const AGAIN_MS = 250
const AGAIN_AT_MOST_MS = 2000

/**
 * The timeout for one Sentinel. It is longer than node-redis needs to give up on an unreachable one and go on to the
 * next.
 */
const SENTINEL_MS = 8000

/** A client that only asks for the master: it fails instead of retrying, and makes no other connections. */
const ASKED = {
  masterPoolSize: 1,
  replicaPoolSize: 0,
  reserveClient: false,
  scanInterval: 0,
  maxCommandRediscovers: 0,
} as const

/**
 * A connection to the master that Sentinels name. The Sentinels are asked for each connection, so a failover looks like
 * any other lost connection. node-redis's own Sentinel client repeats on the new master a command that the former one
 * may have executed, and does not report that it had to resubscribe.
 */
export class MasterClient extends EventEmitter implements RedisClient {
  readonly #sentinel: SentinelClient
  readonly #random: () => number
  #master: RedisClient | undefined
  /** Whether the master is connected and has confirmed its role. */
  #isThere = false
  #isOver = false
  /** Ends the pause. */
  #wake = (): void => {}

  constructor(sentinel: SentinelClient, random: () => number = Math.random) {
    super()
    this.#sentinel = sentinel
    this.#random = random
  }

  get isReady(): boolean {
    return this.#isThere && (this.#master?.isReady ?? false)
  }

  duplicate(): RedisClient {
    return new MasterClient(this.#sentinel, this.#random)
  }

  /** Resolves once it is connected to the master. Rejects if it is destroyed before. */
  async connect(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#follow()
      } catch (error) {
        this.#master?.destroy()
        this.#master = undefined
        if (!this.#isOver) {
          this.emit("error", error)
          await this.#pause(tries)
        }
        // Also if it was destroyed in the pause.
        if (this.#isOver) throw error
      }
    }
  }

  destroy(): void {
    this.#isOver = true
    this.#master?.destroy()
    this.#wake()
  }

  sendCommand(...args: Parameters<RedisClient["sendCommand"]>): Promise<RedisReply> {
    const master = this.#known
    const reply = master.sendCommand(...args)
    reply.catch((error: unknown) => isReadOnly(error) && this.#lost(master, error))
    return reply
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
    master.on("error", (error) => {
      if (master !== this.#master) return
      if (master.isReady) this.emit("error", error)
      else this.#lost(master, error)
    })
    await master.connect()
    // A client that is destroyed before TCP has connected becomes ready even so.
    if (this.#isOver) throw new Error("the client is destroyed")
    await checkRole(master)
    if (!master.isReady) throw new Error("the master was gone at once")
    this.#isThere = true
    this.emit("ready")
  }

  /** The server is no longer the master. During an attempt to connect, the attempt fails by itself. */
  #lost(master: RedisClient, error: unknown): void {
    if (!this.#isThere || master !== this.#master) return
    this.#isThere = false
    this.#master = undefined
    master.destroy()
    this.emit("error", error)
    void this.#again()
  }

  async #again(): Promise<void> {
    // Otherwise the client would keep reconnecting to a replica whose role this user may not read.
    await this.#pause(0)
    // It rejects only if it is destroyed.
    if (!this.#isOver) await this.connect().catch(() => undefined)
  }

  /** Longer after each attempt, and random, because all nodes lose the master at the same moment. */
  #pause(tries: number): Promise<void> {
    const ms = Math.min(AGAIN_MS * 2 ** tries, AGAIN_AT_MOST_MS) * (0.5 + this.#random() / 2)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** A client of the master, which only a connected Sentinel client can create. */
  async #named(): Promise<RedisClient> {
    const sentinel = this.#sentinel.duplicate(ASKED)
    let errors = 0
    // Without a listener, an error would end the process. Each error is that of a Sentinel, after which the next one is
    // asked.
    sentinel.on("error", () => errors++)
    const ask = async (): Promise<RedisClient> => {
      await sentinel.connect()
      // oxlint-disable-next-line no-underscore-dangle
      return sentinel._execute(false, async (master) => {
        // It must not reconnect by itself: another server may be the master by then.
        const socket = { ...(master.options?.socket as object), reconnectStrategy: false }
        return master.duplicate({ disableOfflineQueue: true, socket })
      })
    }
    try {
      // A paused Sentinel accepts the connection and never answers.
      return await within(SENTINEL_MS, ask(), () => errors)
    } finally {
      sentinel.destroy().catch(() => undefined)
    }
  }
}

/** Rejects for a replica, which an isolated Sentinel may consider the master: every write would fail there. */
async function checkRole(master: RedisClient): Promise<void> {
  let role: string
  try {
    role = String(((await master.sendCommand(["ROLE"])) as unknown[])[0])
  } catch (error) {
    // The user may not read the role. Then the first write reveals a replica.
    if (error instanceof Error && error.message.startsWith("NOPERM")) return
    throw error
  }
  if (role !== "master") throw new Error(`the Sentinels name a master that says it is a ${role}`)
}

/** Whether a former master reports that it is a replica now. Redis 6 says so after the name of a script. */
const isReadOnly = (error: unknown): boolean => error instanceof Error && /^READONLY |-READONLY /.test(error.message)
