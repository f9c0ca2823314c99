import { randomUUID } from "node:crypto"
import type { Clock } from "../protocol/clock.js"
import { TimeoutError } from "../protocol/errors.js"
import type { HistoryOptions, Position } from "../protocol/recovery.js"
import type {
  Claim,
  Cluster,
  ClusterBody,
  ClusterNode,
  HistorySlice,
  MaybePromise,
  NumberedMessage,
  PresenceChange,
  PresenceRecord,
} from "./adapter.js"
import { Broadcast } from "./broadcast.js"
import { MemoryCluster, MemoryHub } from "./memory-cluster.js"
import type { OutcomeStore } from "./push-deduplication.js"
import type { PubSub, Subscriber } from "./pubsub.js"
import { missed, Recent, type Missed } from "./recent.js"
import { isPromise } from "./run.js"

/** What a node needs of its endpoint. */
export interface NodeHost {
  readonly pubsub: PubSub
  readonly presence: {
    change(topic: string, change: PresenceChange): void
    reset(topic: string, records: readonly PresenceRecord[]): void
    forget(topic: string): void
  }
  published(broadcast: Broadcast, recipients: number): void
  disconnectHere(id: string): void
  kickHere(topic: string, id: string): void
  /** Channels of a topic, or all sockets. */
  countHere(topic: string | undefined): number
  healthChanged(healthy: boolean): void
  failed(error: unknown, where: string, topic?: string): void
}

/** What nodes tell each other beside broadcasts. */
type Command =
  | { kind: "disconnect"; id: string }
  | { kind: "kick"; topic: string; id: string }
  | { kind: "count"; from: string; topic: string | undefined }
  | { kind: "counted"; to: string; count: number }

/** What this node has to do with a topic. */
interface Interest {
  /** Channels and listeners that are on it, or about to be. */
  users: number
  ready: Promise<void> | undefined
  recent: Recent | undefined
  seeding: Promise<void> | undefined
}

/** How long the other nodes may take to count. */
const COUNT_MS = 2000

/** One endpoint among those of its cluster. Without a cluster it is alone, and keeps histories in its memory. */
export class Node implements ClusterNode, OutcomeStore {
  readonly alone: boolean
  /** Whether the cluster can be reached. */
  healthy: boolean
  readonly #host: NodeHost
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #interests = new Map<string, Interest>()
  readonly #counts = new Map<string, (count: number) => void>()

  constructor(host: NodeHost, cluster: Cluster | undefined, clock: Clock) {
    this.#host = host
    this.#clock = clock
    this.alone = this.healthy = cluster === undefined
    this.#cluster = cluster ?? new MemoryCluster(new MemoryHub(clock))
  }

  start(): MaybePromise<void> {
    const started = this.#cluster.start(this)
    if (isPromise(started)) return started.then(() => this.health(true))
    this.healthy = true
    return undefined
  }

  close(): MaybePromise<void> {
    return this.#cluster.close()
  }

  /**
   * Tells everybody on a topic. With a history it is numbered first, and comes back to this node as to all others; a
   * promise rejects if the other nodes could not be told.
   */
  publish(broadcast: Broadcast, history: HistoryOptions | undefined, except?: Subscriber): MaybePromise<void> {
    const { topic } = broadcast
    if (history !== undefined) {
      const told = this.#told(topic, this.#cluster.append(topic, broadcast, history, broadcast.once))
      if (this.#host.pubsub.count(topic) === 0) this.#host.published(broadcast, 0)
      return told
    }
    this.#host.published(broadcast, this.#host.pubsub.publish(broadcast, except))
    return this.alone ? undefined : this.#told(topic, this.#cluster.publish(topic, broadcast))
  }

  /** Begins to take part in a topic: once that is through, nothing is missed. `exit` undoes it, whenever. */
  enter(topic: string, history?: HistoryOptions): MaybePromise<void> {
    let interest = this.#interests.get(topic)
    if (interest !== undefined) {
      interest.users++
      return interest.ready
    }
    interest = { users: 1, ready: undefined, recent: undefined, seeding: undefined }
    this.#interests.set(topic, interest)
    const ready = this.#cluster.subscribe(topic, history)
    if (!isPromise(ready)) return undefined
    const settled = ready.then(
      () => (interest.ready = undefined),
      (error: unknown) => {
        interest.ready = undefined
        this.failed(error, "subscribe", topic)
      },
    )
    return (interest.ready = settled)
  }

  exit(topic: string): void {
    const interest = this.#interests.get(topic)
    if (interest === undefined || --interest.users > 0) return
    this.#interests.delete(topic)
    this.#cluster.unsubscribe(topic)
    this.#host.presence.forget(topic)
  }

  /** Makes sure that {@link Node.missed} can be answered, to a client that has seen everything up to a position. */
  prepare(topic: string, history: HistoryOptions, seen: Partial<Position>): MaybePromise<void> {
    const interest = this.#interests.get(topic)
    if (this.alone || interest === undefined) return undefined
    // What somebody else asked for may be older than what this client has seen.
    if (interest.seeding !== undefined) return interest.seeding.then(() => this.prepare(topic, history, seen))
    if (interest.recent !== undefined && !interest.recent.isBehind(seen)) return undefined
    return (interest.seeding = this.#learn(interest, topic, history).finally(() => (interest.seeding = undefined)))
  }

  /** What a client missed that comes back to a topic, which this node has entered; `undefined` if nobody knows. */
  missed(topic: string, history: HistoryOptions, position: Partial<Position>): Missed | undefined {
    const { recent } = this.#interests.get(topic) ?? {}
    if (!this.alone) return recent?.since(position, this.#clock.now())
    // Who has seen nothing yet only wants to know where the topic stands.
    const limit = position.offset === undefined ? 0 : history.size
    const slice = this.#cluster.history(topic, history, position.offset, limit)
    if (isPromise(slice)) return undefined
    return missed(position, { epoch: slice.epoch, offset: slice.newest }, this.numbered(topic, slice.messages))
  }

  /** A piece of the topic's history, for who pages back: what is behind an offset, or the newest. */
  history(
    topic: string,
    history: HistoryOptions,
    after: number | undefined,
    limit: number,
  ): MaybePromise<HistorySlice> {
    return this.#cluster.history(topic, history, after, limit)
  }

  /** The broadcasts of a piece of history. */
  numbered(topic: string, messages: readonly NumberedMessage[]): { offset: number; broadcast: Broadcast }[] {
    return messages.map(({ offset, body }) => {
      const broadcast = Broadcast.from(topic, body)
      broadcast.offset = offset
      return { offset, broadcast }
    })
  }

  claim(key: string, claimMs: number): MaybePromise<Claim> {
    return this.#cluster.claim(key, claimMs)
  }

  renew(key: string, claimMs: number): MaybePromise<void> {
    return this.#cluster.renew(key, claimMs)
  }

  settle(key: string, answer: Uint8Array, keepMs: number): MaybePromise<void> {
    return this.#cluster.settle(key, answer, keepMs)
  }

  release(key: string): MaybePromise<void> {
    return this.#cluster.release(key)
  }

  /** Ends the sockets of an id, everywhere. */
  disconnect(id: string): MaybePromise<void> {
    this.#host.disconnectHere(id)
    return this.#told(id, this.#tell({ kind: "disconnect", id }))
  }

  /** Takes the sockets of an id out of a topic, everywhere. */
  kick(topic: string, id: string): MaybePromise<void> {
    this.#host.kickHere(topic, id)
    return this.#told(topic, this.#tell({ kind: "kick", topic, id }))
  }

  /** Presences of this node changed. */
  changePresence(topic: string, change: PresenceChange): void {
    if (!this.alone) this.#cluster.changePresence(topic, change)
  }

  /** Counts the channels of a topic, or all sockets, on all nodes. Rejects if one does not answer. */
  async count(topic?: string): Promise<number> {
    const here = this.#host.countHere(topic)
    let missing = (await this.#cluster.nodes()) - 1
    if (missing <= 0) return here
    const from = randomUUID()
    let total = here
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = this.#clock.setTimeout(() => {
          reject(new TimeoutError("timeout", `${missing} nodes did not count within ${COUNT_MS} ms; ask again`))
        }, COUNT_MS)
        this.#counts.set(from, (count) => {
          total += count
          if (--missing > 0) return
          this.#clock.clearTimeout(timer)
          resolve()
        })
        Promise.resolve(this.#tell({ kind: "count", from, topic })).catch(reject)
      })
    } finally {
      this.#counts.delete(from)
    }
    return total
  }

  deliver(topic: string, body: ClusterBody): void {
    this.#guarded(topic, () => {
      const broadcast = Broadcast.from(topic, body)
      this.#host.published(broadcast, this.#host.pubsub.publish(broadcast))
    })
  }

  deliverNumbered(topic: string, epoch: string, message: NumberedMessage): void {
    this.#guarded(topic, () => {
      for (const { offset, broadcast } of this.numbered(topic, [message])) {
        const { recent } = this.#interests.get(topic) ?? {}
        recent?.add(epoch, offset, broadcast, this.#clock.now())
        this.#host.published(broadcast, this.#host.pubsub.publish(broadcast))
        if (recent !== undefined) broadcast.shrink()
      }
    })
  }

  lost(topic: string): void {
    const interest = this.#interests.get(topic)
    if (interest !== undefined) interest.recent = undefined
    for (const subscriber of [...this.#host.pubsub.subscribers(topic)]) subscriber.lost?.()
  }

  presence(topic: string, change: PresenceChange): void {
    this.#guarded(topic, () => this.#host.presence.change(topic, change))
  }

  presenceState(topic: string, records: readonly PresenceRecord[]): void {
    this.#guarded(topic, () => this.#host.presence.reset(topic, records))
  }

  command(body: Uint8Array): void {
    this.#guarded(undefined, () => this.#obey(JSON.parse(new TextDecoder().decode(body)) as Command))
  }

  health(healthy: boolean): void {
    if (this.healthy === healthy) return
    this.healthy = healthy
    this.#host.healthChanged(healthy)
  }

  failed(error: unknown, where: string, topic?: string): void {
    this.#host.failed(error, where, topic)
  }

  #obey(command: Command): void {
    if (command.kind === "disconnect") this.#host.disconnectHere(command.id)
    else if (command.kind === "kick") this.#host.kickHere(command.topic, command.id)
    else if (command.kind === "counted") this.#counts.get(command.to)?.(Math.max(0, Math.trunc(command.count) || 0))
    else if (command.kind === "count") {
      const count = this.#host.countHere(command.topic)
      this.#unawaited(this.#tell({ kind: "counted", to: command.from, count }), "count")
    }
  }

  #tell(command: Command): MaybePromise<void> {
    return this.alone ? undefined : this.#cluster.command(new TextEncoder().encode(JSON.stringify(command)))
  }

  /** Gets the newest messages at hand, or those that came by another node before they came here. */
  async #learn(interest: Interest, topic: string, history: HistoryOptions): Promise<void> {
    const position = interest.recent?.position
    if (position === undefined) return this.#seed(interest, topic, history)
    // It tells what it finds, as everything that is numbered.
    await this.#cluster.history(topic, history, position.offset, history.size)
  }

  /** Those that come meanwhile stay behind them. */
  async #seed(interest: Interest, topic: string, history: HistoryOptions): Promise<void> {
    const recent = (interest.recent = new Recent(history))
    try {
      const slice = await this.#cluster.history(topic, history, undefined, history.size)
      const { epoch, newest } = slice
      recent.seed({ epoch, offset: newest }, this.numbered(topic, slice.messages), this.#clock.now())
    } catch (error) {
      interest.recent = undefined
      throw error
    }
  }

  /** Reports a failure to tell the others, whether anybody waits for it or not. */
  #told(topic: string, told: MaybePromise<unknown>): MaybePromise<void> {
    if (!isPromise(told)) return undefined
    const done = Promise.resolve(told).then(
      () => undefined,
      (error: unknown) => {
        this.failed(error, "publish", topic)
        throw error
      },
    )
    done.catch(() => undefined)
    return done
  }

  #unawaited(done: MaybePromise<void>, where: string): void {
    if (isPromise(done)) done.then(undefined, (error: unknown) => this.failed(error, where))
  }

  #guarded(topic: string | undefined, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.failed(error, "cluster", topic)
    }
  }
}
