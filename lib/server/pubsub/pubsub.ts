import type { Clock } from "../../protocol/clock.js"
import { RookeryError } from "../../protocol/errors.js"
import type { HistoryOptions, Position, Seen } from "../../protocol/recovery.js"
import type { Cluster, HistorySlice, MaybePromise, NumberedMessage } from "../api/cluster.js"
import type { PassingMessage } from "../api/events.js"
import { Broadcast } from "./broadcast.js"
import { HistoriesAtHand, type AtHand } from "./histories-at-hand.js"
import { missed, RecentMessages, type Missed } from "./recent-messages.js"
import { SharedForms } from "./shared-forms.js"
import { isPromise } from "../support/call-user-code.js"
import { InOrder } from "../support/in-order.js"
import type { Telemetry } from "../telemetry/telemetry.js"

/** A listener of a topic. Must not throw. */
export interface Subscriber {
  /** The id by which a broadcast names this subscriber as its sender, if any. */
  readonly recoveryId?: string | undefined
  deliver(broadcast: Broadcast): void
  /** Messages were lost on the way to this node. */
  lost?(): void
}

/** Options of a {@link PubSub}. */
export interface PubSubOptions {
  readonly cluster: Cluster
  /** Whether there are no other nodes: then only messages of topics with a history are passed to the cluster. */
  readonly alone: boolean
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** The most bytes of all histories that this node has at hand; see {@link HistoriesAtHand}. */
  readonly heldHistoryBytes: number
  /** The history options of a topic, if its broadcasts are kept. */
  readonly historyOf: (topic: string) => HistoryOptions | undefined
  /** Called with each topic that this node has left. */
  readonly left: (topic: string) => void
}

/** The state of a topic that this node has entered. */
interface Interest extends AtHand {
  /** The number of channels and listeners that are on the topic, or about to be. */
  users: number
  ready: Promise<void> | undefined
  seeding: Promise<void> | undefined
}

const passingOf = ({ topic, event, payload }: Broadcast, recipients: number): PassingMessage => ({
  direction: "broadcast",
  socket: undefined,
  topic,
  event,
  ref: null,
  joinRef: null,
  payload,
  recipients,
})

/** The subscribers of this node by topic. Delivers broadcasts to them and to the other nodes. */
export class PubSub {
  readonly alone: boolean
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #telemetry: Telemetry
  readonly #historyOf: (topic: string) => HistoryOptions | undefined
  readonly #subscribers = new Map<string, Set<Subscriber>>()
  /** The number of a topic's subscribers that are no channels. */
  readonly #listeners = new Map<string, number>()
  readonly #interests = new Map<string, Interest>()
  readonly #left: (topic: string) => void
  readonly #shared: SharedForms
  readonly #atHand: HistoriesAtHand
  /**
   * The deliveries of broadcasts. A subscriber may broadcast while it gets a broadcast: a listener that answers, an
   * `intercept`, a `terminate`. Those behind it would get the second one first, and a client that recovers would drop
   * the first one, as its offset is lower.
   */
  readonly #deliveries: InOrder

  constructor({ cluster, alone, clock, telemetry, heldHistoryBytes, historyOf, left }: PubSubOptions) {
    this.#cluster = cluster
    this.alone = alone
    this.#clock = clock
    this.#telemetry = telemetry
    this.#historyOf = historyOf
    this.#left = left
    this.#shared = new SharedForms(clock)
    this.#deliveries = new InOrder((work) => clock.setTimeout(work, 0))
    this.#atHand = new HistoriesAtHand(heldHistoryBytes, () => telemetry.limitHit("heldHistoryBytes", undefined))
  }

  subscribe(topic: string, subscriber: Subscriber): void {
    const subscribers = this.#subscribers.get(topic)
    if (subscribers === undefined) this.#subscribers.set(topic, new Set([subscriber]))
    else subscribers.add(subscriber)
  }

  unsubscribe(topic: string, subscriber: Subscriber): void {
    const subscribers = this.#subscribers.get(topic)
    if (subscribers?.delete(subscriber) && subscribers.size === 0) this.#subscribers.delete(topic)
  }

  /** Subscribes a listener that is no channel. Returns a function that ends it. */
  listen(topic: string, listener: Subscriber): () => void {
    void this.enter(topic)
    this.subscribe(topic, listener)
    this.#countListeners(topic, 1)
    let listening = true
    return () => {
      if (!listening) return
      listening = false
      this.unsubscribe(topic, listener)
      this.#countListeners(topic, -1)
      this.exit(topic)
    }
  }

  /** The number of channels that are joined to a topic on this node. */
  count(topic: string): number {
    return (this.#subscribers.get(topic)?.size ?? 0) - (this.#listeners.get(topic) ?? 0)
  }

  /** Whether a broadcast is being delivered: one that is published now waits for its end. */
  get delivering(): boolean {
    return this.#deliveries.running
  }

  /** Runs something; broadcasts that are published meanwhile are delivered behind it. */
  hold(task: () => void): void {
    this.#deliveries.hold(task)
  }

  /** Runs something once the broadcasts that wait for their delivery are delivered. */
  afterDeliveries(task: () => void): void {
    this.#deliveries.run(task)
  }

  /** The number of topics that have a subscriber. */
  get topics(): number {
    return this.#subscribers.size
  }

  /**
   * Publishes a broadcast to all subscribers of a topic except one. In a topic with a history the cluster numbers the
   * broadcast first, and delivers it to this node as to all others. If a promise is returned, it rejects when the other
   * nodes could not be reached.
   */
  publish(broadcast: Broadcast, except?: Subscriber): MaybePromise<void> {
    const { topic, once } = broadcast
    const history = this.#historyOf(topic)
    if (history !== undefined) {
      const told = this.told(topic, this.#cluster.append(topic, broadcast, history, once))
      if (!this.#subscribers.has(topic)) this.#published(broadcast, 0)
      return told
    }
    if (once !== undefined) {
      throw new RookeryError("bad_option", `once needs a channel with a history, and ${topic} has none`)
    }
    // First to the other nodes: what a subscriber here broadcasts in answer follows it there too.
    const told = this.alone ? undefined : this.told(topic, this.#cluster.publish(topic, broadcast))
    this.publishHere(broadcast, except)
    return told
  }

  /** Delivers a broadcast to the subscribers of this node, except one. */
  publishHere(broadcast: Broadcast, except?: Subscriber): void {
    this.#deliveries.run(() => this.#deliver(broadcast, except))
  }

  #deliver(broadcast: Broadcast, except?: Subscriber): void {
    const { topic, sender } = broadcast
    let recipients = 0
    for (const subscriber of this.#subscribers.get(topic) ?? []) {
      if (subscriber === except || (sender !== undefined && subscriber.recoveryId === sender)) continue
      recipients++
      subscriber.deliver(broadcast)
    }
    this.#published(broadcast, recipients)
  }

  /** Delivers a numbered message of the cluster. */
  publishNumbered(topic: string, epoch: string, message: NumberedMessage): void {
    const [numbered] = this.numbered(topic, [message])
    if (numbered !== undefined) this.#deliveries.run(() => this.#deliverNumbered(epoch, numbered.broadcast))
  }

  #deliverNumbered(epoch: string, broadcast: Broadcast): void {
    const { topic, offset = 0 } = broadcast
    const interest = this.#interests.get(topic)
    const recent = interest?.recent
    if (interest !== undefined && recent !== undefined) {
      const before = recent.bytes
      recent.add(epoch, offset, broadcast, this.#clock.now())
      this.#atHand.grew(interest, recent, recent.bytes - before)
    }
    this.#deliver(broadcast)
    if (recent !== undefined) broadcast.shrink()
    else this.#shared.add(broadcast)
  }

  /** Messages of a topic were lost on their way to this node. */
  lost(topic: string): void {
    const interest = this.#interests.get(topic)
    if (interest !== undefined) this.#atHand.forget(interest)
    // A channel that ends may broadcast, which must not reach those that are not told yet.
    this.#deliveries.hold(() => {
      for (const subscriber of [...(this.#subscribers.get(topic) ?? [])]) subscriber.lost?.()
    })
  }

  /** Enters a topic: once it resolves, no message is missed. Each `enter` needs one `exit`. */
  enter(topic: string): MaybePromise<void> {
    let interest = this.#interests.get(topic)
    if (interest !== undefined) {
      interest.users++
      return interest.ready
    }
    interest = { users: 1, ready: undefined, recent: undefined, readers: 0, seeding: undefined }
    this.#interests.set(topic, interest)
    const ready = this.#cluster.subscribe(topic, this.#historyOf(topic))
    if (!isPromise(ready)) return undefined
    const settled = ready.then(
      () => (interest.ready = undefined),
      (error: unknown) => {
        interest.ready = undefined
        this.#telemetry.failed(error, "subscribe", topic)
      },
    )
    return (interest.ready = settled)
  }

  exit(topic: string): void {
    const interest = this.#interests.get(topic)
    if (interest === undefined || --interest.users > 0) return
    this.#interests.delete(topic)
    this.#atHand.forget(interest)
    this.#cluster.unsubscribe(topic)
    this.#left(topic)
  }

  /**
   * Loads all that {@link PubSub.missed} needs, for a client that has seen everything up to a position. It stays at
   * hand until {@link PubSub.done}: each `prepare` on a topic that this node has entered needs one.
   */
  prepare(topic: string, history: HistoryOptions, seen: Partial<Position>): MaybePromise<void> {
    const interest = this.#interests.get(topic)
    if (this.alone || interest === undefined) return undefined
    this.#atHand.use(interest)
    return this.#prepare(interest, topic, history, seen)
  }

  /** A client for which {@link PubSub.prepare} was called is answered, or gone. */
  done(topic: string): void {
    const interest = this.#interests.get(topic)
    if (!this.alone && interest !== undefined) this.#atHand.done(interest)
  }

  /** The messages that a returning client missed, on a topic that this node has entered; `undefined` if not known. */
  missed(topic: string, history: HistoryOptions, position: Seen): Missed | undefined {
    const found = this.#missed(topic, history, position)
    for (const broadcast of found?.broadcasts ?? []) this.#shared.add(broadcast)
    return found
  }

  #missed(topic: string, history: HistoryOptions, position: Seen): Missed | undefined {
    const { recent } = this.#interests.get(topic) ?? {}
    if (!this.alone) return recent?.since(position, this.#clock.now())
    // A client that has seen nothing yet needs the current position of the topic, and the messages that it asks for.
    const limit = position.offset === undefined ? Math.min(position.rewind ?? 0, history.size) : history.size
    const slice = this.#cluster.history(topic, history, position.offset, limit)
    if (isPromise(slice)) return undefined
    return missed(position, { epoch: slice.epoch, offset: slice.newest }, this.numbered(topic, slice.messages))
  }

  /** Reads the topic's history for a client that pages back: the messages after an offset, or the newest ones. */
  history(
    topic: string,
    history: HistoryOptions,
    after: number | undefined,
    limit: number,
  ): MaybePromise<HistorySlice> {
    return this.#cluster.history(topic, history, after, limit)
  }

  /** Makes broadcasts of numbered messages. */
  numbered(topic: string, messages: readonly NumberedMessage[]): { offset: number; broadcast: Broadcast }[] {
    return messages.map(({ offset, body }) => {
      const broadcast = Broadcast.from(topic, body)
      broadcast.offset = offset
      return { offset, broadcast }
    })
  }

  /** Reports a failure to reach the other nodes, whether or not the caller awaits the promise. */
  told(topic: string, told: MaybePromise<unknown>): MaybePromise<void> {
    if (!isPromise(told)) return undefined
    const done = Promise.resolve(told).then(
      () => undefined,
      (error: unknown) => {
        this.#telemetry.failed(error, "publish", topic)
        throw error
      },
    )
    done.catch(() => undefined)
    return done
  }

  #countListeners(topic: string, change: number): void {
    const count = (this.#listeners.get(topic) ?? 0) + change
    if (count > 0) this.#listeners.set(topic, count)
    else this.#listeners.delete(topic)
  }

  #published(broadcast: Broadcast, recipients: number): void {
    const { topic, event } = broadcast
    const telemetry = this.#telemetry
    telemetry.counters.rookery_broadcasts_total++
    telemetry.emit("broadcast", { topic, event, recipients })
    if (telemetry.passing) telemetry.emit("message", passingOf(broadcast, recipients))
  }

  #prepare(interest: Interest, topic: string, history: HistoryOptions, seen: Partial<Position>): MaybePromise<void> {
    // The read that is under way, begun for another client, may end before the position that this client has seen.
    if (interest.seeding !== undefined) {
      return interest.seeding.then(() => this.#prepare(interest, topic, history, seen))
    }
    if (interest.recent !== undefined && !interest.recent.isBehind(seen)) return undefined
    return (interest.seeding = this.#learn(interest, topic, history).finally(() => (interest.seeding = undefined)))
  }

  /** Loads the newest messages; later, only those that other nodes have already and this one has not. */
  async #learn(interest: Interest, topic: string, history: HistoryOptions): Promise<void> {
    const position = interest.recent?.position
    if (position === undefined) return this.#atHand.read(() => this.#seed(interest, topic, history))
    // The cluster passes what it reads to `deliverNumbered`, which adds it to `recent`.
    await this.#cluster.history(topic, history, position.offset, history.size)
  }

  /** Loads the messages that the cluster kept. Messages that arrive meanwhile are placed after them. */
  async #seed(interest: Interest, topic: string, history: HistoryOptions): Promise<void> {
    // Its last client may have gone while the read waited for room.
    if (this.#interests.get(topic) !== interest) return
    const recent = new RecentMessages(history)
    this.#atHand.begin(interest, recent)
    try {
      const slice = await this.#cluster.history(topic, history, undefined, history.size)
      const { epoch, newest } = slice
      const before = recent.bytes
      recent.seed({ epoch, offset: newest }, this.numbered(topic, slice.messages), this.#clock.now())
      this.#atHand.grew(interest, recent, recent.bytes - before)
    } catch (error) {
      if (interest.recent === recent) this.#atHand.forget(interest)
      throw error
    }
  }
}
