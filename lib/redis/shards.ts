import { setTimeout as sleep } from "node:timers/promises"
import type { Installation, InstallationEvents } from "./installation.js"
import { OneRedis } from "./one-redis.js"
import { SHARDED, type PubSub } from "./pub-sub.js"
import type { ClusterClient, RedisClient, RedisReply } from "./redis-client.js"
import { unavailable, within } from "./redis-link.js"
import type { Script } from "./scripts.js"
import { readSlots, redirectOf, slotOf } from "./slots.js"

/** The pause before a command on a moving slot is retried. */
const MOVING_MS = 20

/** How often the masters are asked for the slots of a lost one. */
const WATCH_MS = 250

/** A master of the cluster, and a client that can connect to it. */
interface Shard {
  readonly redis: OneRedis
  readonly template: RedisClient
}

/**
 * The masters of a Redis Cluster, each with its own connections, so that an unreachable master affects only its own
 * topics. node-redis provides the addresses of the masters and the settings to connect. Its own handling of moved slots
 * is not used: it repeats a command that may have been executed, and does not report the channels for which messages
 * may be missing.
 */
export class Shards implements Installation {
  readonly pubSub: PubSub = SHARDED
  readonly #cluster: ClusterClient
  readonly #timeoutMs: number
  readonly #events: InstallationEvents
  /** By the address of the master. */
  readonly #shards = new Map<string, Shard>()
  /** The address of the master of each slot. */
  #owners: string[] = []
  /** The wanted channels, and the masters on which they are subscribed. */
  readonly #channels = new Map<string, OneRedis>()
  #refreshing: Promise<void> | undefined
  #placing: NodeJS.Immediate | undefined
  #watch: NodeJS.Timeout | undefined
  #closed = false

  constructor(cluster: ClusterClient, timeoutMs: number, events: InstallationEvents) {
    this.#cluster = cluster
    this.#timeoutMs = timeoutMs
    this.#events = events
  }

  get up(): boolean {
    return this.#all.some(({ up }) => up)
  }

  get healthy(): boolean {
    return this.#shards.size > 0 && this.#all.every(({ healthy }) => healthy)
  }

  async open(): Promise<void> {
    await this.#refresh()
    if (!this.healthy) throw unavailable(new Error("not every master of the cluster answers"))
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#watch)
    clearImmediate(this.#placing)
    for (const redis of this.#all) redis.close()
  }

  async check(): Promise<void> {
    await Promise.all(this.#all.map((redis) => redis.check()))
    // A slot may have moved without notice: messages on a channel to which this node does not publish could be lost.
    await this.#refresh()
  }

  ask(command: string, key: string, ...args: (string | Buffer)[]): Promise<RedisReply> {
    return this.#on(key, (redis) => redis.ask(command, key, ...args))
  }

  run(script: Script, keys: readonly [string, ...string[]], ...args: (string | Buffer)[]): Promise<RedisReply> {
    return this.#on(keys[0], (redis) => redis.run(script, keys, ...args))
  }

  add(channel: string): Promise<void> {
    return this.#on(channel, (redis) => {
      const before = this.#channels.get(channel)
      if (before !== redis) before?.forget(channel)
      this.#channels.set(channel, redis)
      return redis.add(channel)
    })
  }

  remove(channel: string): void {
    this.#channels.get(channel)?.remove(channel)
    this.#channels.delete(channel)
  }

  get #all(): OneRedis[] {
    return [...this.#shards.values()].map(({ redis }) => redis)
  }

  #masterOf(key: string): OneRedis | undefined {
    return this.#shards.get(this.#owners[slotOf(key)] ?? "")?.redis
  }

  /** Runs an operation on the master of a key, wherever the key's slot is now. */
  async #on<T>(key: string, work: (redis: OneRedis) => Promise<T>): Promise<T> {
    const until = performance.now() + this.#timeoutMs
    for (;;) {
      const redis = this.#masterOf(key)
      if (redis === undefined) throw unavailable(new Error("no master has the slot of this key"))
      try {
        return await work(redis)
      } catch (error) {
        const redirect = redirectOf(error)
        if (redirect === undefined || performance.now() > until) throw error
        // A moving slot is not used at its destination, because a script could not publish there yet.
        if (redirect.kind === "moving") await sleep(MOVING_MS)
        else await this.#moved(redirect.slot, redirect.address)
      }
    }
  }

  /** Handles the move of a slot to another master. */
  async #moved(slot: number, address: string): Promise<void> {
    // Two masters that disagree about a slot would redirect this back and forth.
    if (this.#owners[slot] === address) return void (await sleep(MOVING_MS))
    if (!this.#shards.has(address)) return this.#refresh()
    this.#owners[slot] = address
    this.#placing ??= setImmediate(() => this.#place())
  }

  /** Subscribes to channels on the masters that have their slots now. */
  #place(): void {
    this.#placing = undefined
    const isElsewhere = ([channel, redis]: [string, OneRedis]): boolean => {
      const master = this.#masterOf(channel)
      return master !== undefined && master !== redis
    }
    const moved = [...this.#channels].filter(isElsewhere)
    if (moved.length > 0) this.#events.again(moved.map(([channel]) => channel))
  }

  #changed(): void {
    this.#events.changed()
    clearInterval(this.#watch)
    if (!this.#closed && !this.healthy) this.#watch = setInterval(() => void this.#refresh(), WATCH_MS).unref()
  }

  /** Reads the locations of the slots. */
  #refresh(): Promise<void> {
    return (this.#refreshing ??= this.#learn().finally(() => (this.#refreshing = undefined)))
  }

  async #learn(): Promise<void> {
    const owners = (await this.#fromMaster()) ?? (await this.#fromAnywhere())
    if (owners === undefined || this.#closed) return
    this.#owners = owners
    const masters = new Set(owners)
    for (const [address, { redis }] of this.#shards) {
      if (masters.has(address)) continue
      this.#shards.delete(address)
      redis.close()
      this.#changed()
    }
    this.#place()
  }

  /** Asks a random connected master, because one may be out of date. Returns nothing if the reply names new masters. */
  async #fromMaster(): Promise<string[] | undefined> {
    const up = this.#all.filter(({ up }) => up)
    const asked = up[Math.floor(Math.random() * up.length)]
    try {
      const owners = readSlots((await asked?.ask("CLUSTER", "SLOTS")) ?? [])
      return owners.length > 0 && [...new Set(owners)].every((address) => this.#shards.has(address))
        ? owners
        : undefined
    } catch {
      return undefined
    }
  }

  /** Asks over a new connection to one of the nodes in node-redis's settings, or to a master known by now. */
  async #fromAnywhere(): Promise<string[] | undefined> {
    const known = [...this.#shards.values()].map(({ template }) => ({ socket: template.options?.socket }))
    for (const from of [{}, { rootNodes: known }]) {
      const cluster = this.#cluster.duplicate({ minimizeConnections: true, ...from })
      // Without a listener, an error would end the process.
      cluster.on("error", () => {})
      try {
        await within(this.#timeoutMs, cluster.connect(), () => 0)
        await this.#connect(cluster)
        return cluster.slots.map(({ master }) => master.address)
      } catch {
        // Another node may answer.
      } finally {
        cluster.destroy()
      }
    }
    return undefined
  }

  /** Connects to the masters that are new. */
  async #connect(cluster: ClusterClient): Promise<void> {
    const masters = new Map(cluster.slots.map(({ master }) => [master.address, master]))
    const opened = [...masters].map(async ([address, master]) => {
      if (this.#closed || this.#shards.has(address)) return
      // This creates the client. It is not awaited: the client of a dead master would keep trying forever.
      cluster.nodeClient(master).catch(() => undefined)
      const template = master.client
      if (template === undefined) return
      const make = (): RedisClient => template.duplicate({ disableOfflineQueue: true })
      const redis = new OneRedis(make, SHARDED, this.#timeoutMs, { ...this.#events, changed: () => this.#changed() })
      this.#shards.set(address, { redis, template })
      await redis.open().catch(() => undefined)
    })
    await Promise.all(opened)
  }
}
