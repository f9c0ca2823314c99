import { EventEmitter } from "node:events"
import type { Listener, RedisClient, RedisReply, SentinelClient } from "./redis-client.js"
import { within } from "./redis-link.js"

/** How long Sentinels that name no master are left alone at first, and at most. */
const AGAIN_MS = 250
const AGAIN_AT_MOST_MS = 2000

/** How long one Sentinel may take. Longer than node-redis takes for one that cannot be reached, to go on to the next. */
const SENTINEL_MS = 8000

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
  readonly #random: () => number
  #master: RedisClient | undefined
  /** Whether the master is connected, and says that it is one. */
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
    // A client that is destroyed before TCP has connected gets ready all the same.
    if (this.#isOver) throw new Error("the client is destroyed")
    await checkRole(master)
    if (!master.isReady) throw new Error("the master was gone at once")
    this.#isThere = true
    this.emit("ready")
  }

  /** The master is none any more. While it connects, the attempt fails by itself. */
  #lost(master: RedisClient, error: unknown): void {
    if (!this.#isThere || master !== this.#master) return
    this.#isThere = false
    this.#master = undefined
    master.destroy()
    this.emit("error", error)
    void this.#again()
  }

  async #again(): Promise<void> {
    // A replica that this user may not ask what it is would be connected to without end.
    await this.#pause(0)
    // It rejects only if it is destroyed.
    if (!this.#isOver) await this.connect().catch(() => undefined)
  }

  /** Longer after each try, and of random length: all nodes lose the master in the same moment. */
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

  /** A client of the master, which only a client of Sentinels that is connected can make. */
  async #named(): Promise<RedisClient> {
    const sentinel = this.#sentinel.duplicate(ASKED)
    let errors = 0
    // With a listener, or it would end the process. Each one is that of a Sentinel, after which the next is asked.
    sentinel.on("error", () => errors++)
    const ask = async (): Promise<RedisClient> => {
      await sentinel.connect()
      // oxlint-disable-next-line no-underscore-dangle
      return sentinel._execute(false, async (master) => {
        // It is not to come back by itself: another one may be the master by then.
        const socket = { ...(master.options?.socket as object), reconnectStrategy: false }
        return master.duplicate({ disableOfflineQueue: true, socket })
      })
    }
    try {
      // A Sentinel that is stopped takes the connection and never answers.
      return await within(SENTINEL_MS, ask(), () => errors)
    } finally {
      sentinel.destroy().catch(() => undefined)
    }
  }
}

/** Rejects for a replica, which a Sentinel that was cut off may take for the master: every write would fail there. */
async function checkRole(master: RedisClient): Promise<void> {
  let role: string
  try {
    role = String(((await master.sendCommand(["ROLE"])) as unknown[])[0])
  } catch (error) {
    // The user may not ask. A replica is noticed by the first write then.
    if (error instanceof Error && error.message.startsWith("NOPERM")) return
    throw error
  }
  if (role !== "master") throw new Error(`the Sentinels name a server as the master that says it is a ${role}`)
}

/** Whether a server that was the master says that it is a replica now. Redis 6 says so behind the name of a script. */
const isReadOnly = (error: unknown): boolean => error instanceof Error && /^READONLY |-READONLY /.test(error.message)
