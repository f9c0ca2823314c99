import { randomBytes } from "node:crypto"
import type {
  Claim,
  Cluster,
  ClusterMessage,
  ClusterNode,
  HistoryOptions,
  HistorySlice,
  Position,
  PresenceChange,
} from "../server/api/cluster.js"
import { CatchUp } from "./catch-up.js"
import { plainEnvelope, readEnvelope, type Envelope } from "./envelope.js"
import type { Installation, Reach } from "./installation.js"
import type { Keys } from "./keys.js"
import { Living } from "./living.js"
import { Presences } from "./presences.js"
import { RedisHistory } from "./redis-history.js"
import { CLAIM, EXTEND, RELEASE } from "./scripts.js"
import type { Arrival, Place, Step } from "./topic-order.js"
import { Topic, type VersionedChange } from "./topic.js"

/** Options of {@link redis}. Times are in milliseconds. */
export interface RedisOptions {
  /** The prefix of all keys and channels. @default "rookery" */
  prefix?: string
  /** How long a command may take. @default 2000 */
  timeoutMs?: number
  /**
   * The time without a sign of life after which a node counts as dead. Its data is removed within another third of that
   * time. @default 6000
   */
  leaseMs?: number
}

/** The first byte of a claim's value once it is settled; an open claim begins with another byte. */
const SETTLED = 0x73

/** Replaces a node's own change when Redis echoes it, because the node has already applied it. */
const NOTHING: PresenceChange = { joins: [], leaves: [] }

/** Connects the endpoints of many nodes through Redis. */
export class RedisCluster implements Cluster {
  // Short, because every message contains it.
  readonly #id = randomBytes(9).toString("base64url")
  readonly #redis: Installation
  readonly #keys: Keys
  readonly #history: RedisHistory
  readonly #presences: Presences
  readonly #living: Living
  readonly #catchUp: CatchUp
  readonly #topics = new Map<string, Topic>()
  readonly #tickMs: number
  #timer: NodeJS.Timeout | undefined
  #ticking = false
  #node: ClusterNode | undefined
  #started = false

  constructor(reach: Reach, options: RedisOptions = {}) {
    const { prefix = "rookery", timeoutMs = 2000, leaseMs = 6000 } = options
    this.#tickMs = leaseMs / 3
    const redis = (this.#redis = reach(timeoutMs, {
      changed: () => this.#health(),
      up: () => this.#started && this.#soon(),
      again: (channels) => this.#again(channels),
      message: (channel, message) => this.#message(channel, message),
      failed: (error) => this.#failed(error, "subscribe"),
    }))
    const keys = (this.#keys = redis.pubSub.keys(prefix))
    this.#history = new RedisHistory(redis, keys)
    this.#presences = new Presences(redis, keys, this.#id, (error, topic) => this.#failed(error, "presence", topic))
    this.#living = new Living(redis, keys, this.#id, leaseMs)
    this.#catchUp = new CatchUp(
      (topic) => this.#learn(topic),
      (error, topic) => this.#failed(error, "subscribe", topic),
    )
  }

  async start(node: ClusterNode): Promise<void> {
    this.#node = node
    this.#started = true
    this.#timer = setInterval(() => this.#soon(), this.#tickMs).unref()
    await this.#redis.open()
    await this.#redis.add(this.#keys.commands)
    await this.#living.renew()
  }

  async publish(topic: string, message: ClusterMessage): Promise<void> {
    await this.#publish(this.#keys.channel(topic), message.bytes())
  }

  append(topic: string, message: ClusterMessage, history: HistoryOptions, once?: string): Promise<Position> {
    return this.#history.append(topic, message, history, once)
  }

  async history(
    topic: string,
    history: HistoryOptions,
    after: number | undefined,
    limit: number,
  ): Promise<HistorySlice> {
    const slice = await this.#history.read(topic, history, after, limit)
    const known = this.#topics.get(topic)
    // The history may be ahead of the messages that pub/sub has delivered.
    if (known?.sequencer.place?.epoch === slice.epoch) {
      for (const message of slice.messages) this.#arrived(topic, known, slice.epoch, message)
    }
    return slice
  }

  async subscribe(topic: string, history?: HistoryOptions): Promise<void> {
    this.#topics.set(topic, new Topic(history))
    await this.#catchUp.once(topic)
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic)
    this.#catchUp.remove(topic)
    this.#redis.remove(this.#keys.channel(topic))
  }

  async command(body: Uint8Array): Promise<void> {
    await this.#publish(this.#keys.commands, body)
  }

  changePresence(topic: string, change: PresenceChange): void {
    this.#presences.change(topic, change)
    // A node that counts as dead must not leave data behind that no other node will sweep.
    if (this.#living.overdue) this.#soon()
  }

  async claim(key: string, claimMs: number): Promise<Claim> {
    const value = (await this.#redis.run(CLAIM, [this.#keys.claim(key)], this.#id, String(claimMs))) as Buffer | null
    if (value === null) return { kind: "new" }
    return value[0] === SETTLED ? { kind: "settled", answer: value.subarray(1) } : { kind: "pending" }
  }

  async renew(key: string, claimMs: number): Promise<void> {
    await this.#redis.run(EXTEND, [this.#keys.claim(key)], this.#id, String(claimMs))
  }

  async settle(key: string, answer: Uint8Array, keepMs: number): Promise<void> {
    const value = Buffer.concat([Buffer.from([SETTLED]), answer])
    await this.#redis.ask("SET", this.#keys.claim(key), value, "PX", String(keepMs))
  }

  async release(key: string): Promise<void> {
    await this.#redis.run(RELEASE, [this.#keys.claim(key)], this.#id)
  }

  nodes(): Promise<number> {
    return this.#living.count()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#started = false
    try {
      await this.#presences.tell()
      await this.#living.sweep(this.#id)
    } catch (error) {
      this.#failed(error, "presence")
    }
    this.#redis.close()
  }

  async #publish(channel: string, body: Uint8Array): Promise<void> {
    await this.#redis.ask(this.#redis.pubSub.publish, channel, plainEnvelope(this.#id, body))
  }

  #failed(error: unknown, where: string, topic?: string): void {
    this.#node?.failed(error, where, topic)
  }

  #health(): void {
    if (this.#started) this.#node?.health(this.#redis.healthy)
  }

  #soon(): void {
    if (this.#ticking) return
    this.#ticking = true
    void this.#tick().finally(() => (this.#ticking = false))
  }

  /**
   * Runs regularly, and after each reconnect: sends unsent presences, retries failed reads, and sweeps dead nodes.
   */
  async #tick(): Promise<void> {
    await this.#redis.check()
    if (!this.#redis.up || !this.#started) return
    // In case Redis was unreachable at the start.
    this.#redis.add(this.#keys.commands).catch(() => undefined)
    try {
      const { wasOut, dead } = await this.#living.renew()
      await (wasOut ? this.#presences.again() : this.#presences.tell())
      if (this.#redis.healthy) this.#catchUp.retry()
      // A node that cannot be swept must not prevent the sweep of others.
      for (const node of dead) await this.#living.sweep(node).catch((error: unknown) => this.#failed(error, "presence"))
    } catch (error) {
      this.#failed(error, "cluster")
    }
  }

  /** Channels are subscribed again: reads the messages published in the meantime. */
  #again(channels: Iterable<string>): void {
    if (!this.#started) return
    const topics = new Set([...channels].map((channel) => this.#keys.topicOf(channel)))
    this.#catchUp.add([...topics].filter((topic) => this.#topics.has(topic)))
  }

  /** Subscribes to a topic, and reads its state. */
  async #learn(topic: string): Promise<void> {
    const known = this.#topics.get(topic)
    if (known === undefined) return
    await this.#redis.add(this.#keys.channel(topic))
    await this.#snapshot(topic, known)
    const { sequencer, history } = known
    if (history === undefined) return
    if (sequencer.place === undefined) {
      const { epoch, newest, messages } = await this.#history.read(topic, history, undefined, 1)
      const last = messages.at(-1)
      sequencer.begin({ epoch, offset: newest, at: last?.offset === newest ? last.at : undefined })
    } else {
      await this.#follow(topic, known, sequencer.check())
    }
  }

  #message(channel: string, message: Buffer): void {
    const node = this.#node
    if (node === undefined) return
    try {
      const envelope = readEnvelope(message)
      if (channel === this.#keys.commands) {
        if (envelope.kind === "plain" && envelope.node !== this.#id) node.command(envelope.body)
        return
      }
      const topic = this.#keys.topicOf(channel)
      const known = this.#topics.get(topic)
      if (known !== undefined) this.#envelope(topic, known, envelope)
    } catch (error) {
      node.failed(error, "cluster", channel)
    }
  }

  #envelope(topic: string, known: Topic, envelope: Envelope): void {
    if (envelope.kind === "numbered") {
      this.#arrived(topic, known, envelope.epoch, envelope.message)
    } else if (envelope.kind === "presence") {
      this.#changed(topic, known, envelope)
    } else if (envelope.node !== this.#id) {
      this.#node?.deliver(topic, envelope.body)
    }
  }

  #arrived(topic: string, known: Topic, epoch: string, message: Arrival<Buffer>): void {
    const followed = this.#follow(topic, known, known.sequencer.arrive(epoch, message))
    // Retried with all other topics, and then at every opportunity.
    followed?.catch(() => this.#catchUp.once(topic))
  }

  #changed(topic: string, known: Topic, { node, version, change }: Envelope & { kind: "presence" }): void {
    // This node's own changes count too, so that no version is missing.
    this.#apply(topic, known, { version, change: node === this.#id ? NOTHING : change })
  }

  #apply(topic: string, known: Topic, change: VersionedChange): void {
    const what = known.change(change)
    if (what === "next" && change.change !== NOTHING) this.#node?.presence(topic, change.change)
    if (what !== "gap") return
    known.await()
    this.#catchUp.add([topic])
  }

  async #snapshot(topic: string, known: Topic): Promise<void> {
    known.await()
    const { version, records } = await this.#presences.snapshot(topic)
    if (this.#topics.get(topic) !== known) return
    this.#node?.presenceState(topic, records)
    for (const early of known.snapshot(version)) this.#apply(topic, known, early)
  }

  /** Carries out the outcome of ordering a topic's messages. */
  #follow(topic: string, known: Topic, { deliver, lost, read }: Step<Buffer>): Promise<void> | undefined {
    if (lost) this.#node?.lost(topic)
    const epoch = known.sequencer.place?.epoch ?? ""
    for (const message of deliver) this.#node?.deliverNumbered(topic, epoch, message)
    return read && this.#fill(topic, known, read)
  }

  async #fill(topic: string, known: Topic, place: Place): Promise<void> {
    const history = known.history ?? { size: 1000, ttl: 3_600_000 }
    try {
      const found = await this.#history.behind(topic, history, place)
      if (this.#topics.get(topic) === known) await this.#follow(topic, known, known.sequencer.found(found))
    } catch (error) {
      known.sequencer.failed()
      throw error
    }
  }
}
