import type { Emitter } from "mitt"
import { GOING_AWAY } from "../protocol/close-codes.js"
import { systemClock, type Clock } from "../protocol/clock.js"
import type { LimitName, Limits } from "../protocol/limits.js"
import { RookeryError } from "../protocol/errors.js"
import { AddressRate } from "./address-rate.js"
import type { Broadcast } from "./broadcast.js"
import { ById } from "./by-id.js"
import { noCounts, type Counters } from "./counters.js"
import type { EndpointEvents } from "./events.js"
import type { Cluster, MaybePromise } from "./adapter.js"
import { HeldBytes } from "./held-bytes.js"
import { briefFields, LogRate } from "./log-rate.js"
import type { LogFields, Logger, LogLevel } from "./logger.js"
import { Node, type NodeHost } from "./node.js"
import { PushDeduplication } from "./push-deduplication.js"
import type { PresenceTable } from "./presence.js"
import type { PubSub, Subscriber } from "./pubsub.js"
import { isPromise } from "./run.js"
import type { SocketProcess } from "./socket-process.js"
import type { TopicTable } from "./topics.js"
import { Turns } from "./turns.js"
import type { WriteBatch } from "./write-batch.js"

/** Limits that everybody comes to who goes without a word. */
const OF_ABSENCE: ReadonlySet<LimitName> = new Set<LimitName>(["idleMs", "pollWindowMs"])

/** Rejects if one of them does, whether anybody waits for it or not. */
function both(one: MaybePromise<void>, other: MaybePromise<void>): MaybePromise<void> {
  if (!isPromise(one) && !isPromise(other)) return undefined
  const all = Promise.all([one, other]).then(() => undefined)
  all.catch(() => undefined)
  return all
}

interface PlainLine {
  readonly id: string | null
  close(code: number): void
}

/** What all sockets and channels of an endpoint share. */
export class EndpointContext implements NodeHost {
  readonly counters: Counters = noCounts()
  readonly sockets: Set<SocketProcess> = new Set()
  readonly ids: ById<SocketProcess> = new ById()
  /** Clients of gateways, which have an id and no channels. */
  readonly plainIds: ById<PlainLine> = new ById()
  readonly node: Node
  readonly deduplication: PushDeduplication
  readonly turns: Turns = new Turns()
  readonly connects: AddressRate = new AddressRate()
  readonly held: HeldBytes
  readonly #lines = new LogRate()
  readonly #logger: Logger | undefined

  constructor(
    readonly events: Emitter<EndpointEvents>,
    readonly topics: TopicTable,
    readonly pubsub: PubSub,
    readonly presence: PresenceTable,
    readonly batch: WriteBatch,
    logger: Logger | undefined,
    cluster: Cluster | undefined,
    { heldBytes, heldRetryBytes }: Pick<Limits, "heldBytes" | "heldRetryBytes">,
    readonly clock: Clock = systemClock,
  ) {
    this.node = new Node(this, cluster, clock)
    this.deduplication = new PushDeduplication(this.node, clock, heldRetryBytes)
    this.held = new HeldBytes(heldBytes)
    this.#logger = logger
  }

  emit<E extends keyof EndpointEvents>(event: E, details: EndpointEvents[E]): void {
    if (!this.listens(event)) return
    try {
      this.events.emit(event, details)
    } catch (error) {
      this.log("error", `a listener of ${event} threw`, { error })
    }
  }

  /** Whether anybody would hear it: what is only measured for a listener is not measured without one. */
  listens(event: keyof EndpointEvents): boolean {
    return this.events.all.size > 0 && this.events.all.has(event)
  }

  log(level: LogLevel, message: string, fields: LogFields): void {
    if (this.#logger === undefined) return
    const said = this.#lines.line(message)
    if (said === undefined) return
    try {
      this.#logger(level, said, briefFields(fields))
    } catch {
      // A logger that fails has nowhere to say so, and must not end what was logged.
    }
  }

  limitHit(limit: LimitName, socket: SocketProcess | undefined, address: string | undefined = socket?.address): void {
    this.counters.rookery_limits_hit_total++
    this.log(OF_ABSENCE.has(limit) ? "info" : "warn", `limit hit: ${limit}`, { socket: socket?.id, address })
    this.emit("limitHit", { limit, socket, address })
  }

  failed(error: unknown, where: string, topic?: string, socket?: SocketProcess): void {
    this.counters.rookery_errors_total++
    this.log("error", `${where} threw`, { topic, socket: socket?.id, error })
    this.emit("error", { error, where, topic, socket })
  }

  /**
   * Tells everybody on a topic. Throws if the sender itself could not have got it, or nobody could: then the payload is
   * at fault, and not one old client among many. A promise rejects if other nodes could not be told.
   */
  publish(broadcast: Broadcast, except?: Subscriber, sender?: SocketProcess): MaybePromise<void> {
    const { topic, event } = broadcast
    const history = this.topics.history(topic)
    if (broadcast.once !== undefined && history === undefined) {
      throw new RookeryError("bad_option", `once needs a channel with a history, and ${topic} has none`)
    }
    const published = this.node.publish(broadcast, history, except)
    const told = event === "disconnect" ? both(published, this.node.disconnect(topic)) : published
    const failures = broadcast.failures()
    if (failures.length === 0) return told
    this.counters.rookery_broadcasts_unencodable_total++
    const [first] = failures
    const error = sender === undefined ? (broadcast.reached ? undefined : first?.error) : sender.failure(broadcast)
    if (error !== undefined) throw error
    for (const { serializer, error: cause } of failures) {
      this.log("warn", `a broadcast cannot be carried by ${serializer.name}`, { topic, event, error: cause })
    }
    return told
  }

  /** Tells everybody on a topic of this node. */
  publishHere(broadcast: Broadcast): void {
    this.published(broadcast, this.pubsub.publish(broadcast))
  }

  /** Everybody on this node was told. */
  published({ topic, event }: Broadcast, recipients: number): void {
    this.counters.rookery_broadcasts_total++
    this.emit("broadcast", { topic, event, recipients })
  }

  disconnectHere(id: string): void {
    for (const line of [...this.ids.of(id), ...this.plainIds.of(id)]) line.close(GOING_AWAY)
  }

  kickHere(topic: string, id: string): void {
    for (const socket of this.ids.of(id)) {
      for (const channel of socket.channels) if (channel.topic === topic) channel.kick()
    }
  }

  countHere(topic: string | undefined): number {
    return topic === undefined ? this.sockets.size : this.pubsub.count(topic)
  }

  healthChanged(healthy: boolean): void {
    this.log(healthy ? "info" : "error", healthy ? "the cluster is back" : "the cluster is out of reach", {})
    this.emit("clusterHealth", { healthy })
  }

  opened(socket: SocketProcess): void {
    this.sockets.add(socket)
    this.counters.rookery_sockets++
    this.counters.rookery_sockets_connected_total++
    this.ids.add(socket)
    this.emit("socketConnected", { socket })
  }

  closed(socket: SocketProcess, code: number): void {
    this.sockets.delete(socket)
    this.counters.rookery_sockets--
    this.counters.rookery_sockets_closed_total++
    this.ids.delete(socket)
    this.emit("socketClosed", { socket, code })
  }
}

/** The limits of one socket, with the policy for slow clients. */
export interface SocketLimits extends Limits {
  /** What happens to a client that does not read: `close` ends its line, `drop` leaves broadcasts out. */
  readonly slowClient: "close" | "drop"
}
