import type { Loose } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_HISTORY, PHX_LEAVE } from "../protocol/events.js"
import type { Message, Ref } from "../protocol/message.js"
import type { PresenceState } from "../protocol/presence.js"
import { Broadcast } from "./broadcast.js"
import { ChannelQueue } from "./channel-queue.js"
import {
  isShutdown,
  type BroadcastOptions,
  type Channel,
  type StopReason,
  type TerminateReason,
  type TrackOptions,
} from "./channel.js"
import { historyHandler } from "./history-handler.js"
import { askToJoin, refusalOf } from "./join.js"
import type { Tracker } from "./presence.js"
import type { Subscriber } from "./pubsub.js"
import { isPromise, run, wait, type Outcome } from "./run.js"
import { noReply, Refused, type NoReply, type ReplyTo } from "./reply.js"
import { Membership } from "./membership.js"
import { NO_ID, PushProcess, replyToOf, unhandled, type PushChannel } from "./push-process.js"
import type { MaybePromise } from "./adapter.js"
import type { SocketProcess } from "./socket-process.js"
import type { ChannelRoute } from "./topics.js"

/**
 * One client in one room. It does one thing after the other, as a process of Phoenix would: what comes while a handler
 * is waited for stands in line. As long as handlers return plain values nothing here is asynchronous.
 */
export class ChannelProcess implements Channel, Subscriber, Tracker, PushChannel {
  readonly topic: string
  readonly socket: SocketProcess
  /** Of the join. */
  readonly #ref: Ref
  readonly #started: number = performance.now()
  /** The join_ref of this channel: what its messages carry, and what the client's messages are compared with. */
  readonly joinRef: Ref
  /** The join_ref that the client sent with the join, or null: the reply to the join and the channel's end repeat it. */
  readonly sentJoinRef: Ref
  /** The channel of the same topic that this join put an end to. */
  replaces: ChannelProcess | undefined
  readonly route: ChannelRoute
  readonly #membership: Membership
  /** The broadcast that `intercept` looks at. */
  #passing: Broadcast | undefined
  #params: unknown
  #assigns: Loose
  #status: "joining" | "joined" | "ended" = "joining"
  /** Something of the user's runs, or is waited for. */
  #busy = false
  readonly #queue = new ChannelQueue()
  #current: PushProcess | undefined
  #stopping: StopReason | undefined
  #abort: AbortController | undefined

  constructor(socket: SocketProcess, route: ChannelRoute, join: Message, replaces: ChannelProcess | undefined) {
    this.socket = socket
    this.#ref = join.ref
    this.topic = join.topic
    this.joinRef = join.join_ref ?? join.ref
    this.sentJoinRef = join.join_ref
    this.replaces = replaces
    this.route = route
    this.#membership = new Membership(socket.context.node, route.history, join)
    this.#params = this.#membership.params
  }

  get params(): Loose {
    return this.#params
  }

  get assigns(): Loose {
    return (this.#assigns ??= { ...(this.socket.assigns as object) })
  }

  set assigns(assigns: Loose) {
    this.#assigns = assigns
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.ended) this.#abort.abort()
    return this.#abort.signal
  }

  get noReply(): NoReply {
    return noReply
  }

  get joining(): boolean {
    return this.#status === "joining"
  }

  get joined(): boolean {
    return this.#status === "joined"
  }

  get ended(): boolean {
    return this.#status === "ended"
  }

  get recoveryId(): string | undefined {
    return this.#membership.id
  }

  get busy(): boolean {
    return this.#busy
  }

  /** How many messages stand in line. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Asks the channel's `join`, and answers the client. */
  start(): void {
    const { handlers, schemas } = this.route
    this.#busy = true
    askToJoin({
      params: this.#params,
      schema: schemas?.params,
      timeoutMs: this.socket.limits.joinMs,
      ask: (params) => {
        this.#params = params
        return handlers.join?.({ topic: this.topic, params, socket: this.socket }, this)
      },
      ...this.#asked((response) => this.#admit(response)),
    })
  }

  /** Takes a message of the client, or puts it in line. */
  receive(message: Message, bytes: number): void {
    if (this.ended) return this.socket.release(bytes)
    if (this.#busy) this.#queue.add(message, bytes, this.joining)
    else this.#handle(message)
  }

  /** Takes a broadcast: sends it on, or shows it to `intercept` in its turn. */
  deliver(broadcast: Broadcast): void {
    const { intercept } = this.route
    // Where some are intercepted, those with numbers keep their order all the same.
    const waits = intercept !== undefined && (this.#membership.recovers || intercept.has(broadcast.event))
    if (waits && this.#busy) this.#queue.add(broadcast, 0, false)
    else this.#pass(broadcast)
  }

  /** Messages were lost: who counts on getting all joins again, and is told what is missing. */
  lost(): void {
    if (this.#membership.recovers) this.stop("lost")
  }

  push(event: string, payload: unknown): void {
    if (!this.#canSpeak()) return
    const offset = this.#membership.recovers ? this.#passing?.offset : undefined
    this.attempt(() => {
      this.socket.send({ join_ref: this.joinRef, ref: null, topic: this.topic, event, payload, offset })
    })
  }

  broadcast(event: string, payload: unknown, options?: BroadcastOptions): MaybePromise<void> {
    return this.#publish(event, payload, undefined, options)
  }

  broadcastFrom(event: string, payload: unknown, options?: BroadcastOptions): MaybePromise<void> {
    return this.#publish(event, payload, this, options)
  }

  replyTo(): ReplyTo {
    return replyToOf(this.#current)
  }

  stop(reason: StopReason = "normal"): void {
    if (!this.joined || this.#stopping !== undefined) return
    this.#stopping = reason
    if (!this.#busy) this.#stop(reason)
  }

  track(key: string, meta: unknown, options: TrackOptions = {}): void {
    if (this.#canSpeak()) this.socket.context.presence.track(this, key, meta, options.state ?? true)
  }

  update(key: string, meta: unknown): void {
    if (this.joined) this.socket.context.presence.update(this, key, meta)
  }

  untrack(key?: string): void {
    if (this.joined) this.socket.context.presence.untrack(this, key)
  }

  get presences(): PresenceState<Loose> {
    return this.socket.context.presence.list(this.topic) as PresenceState<Loose>
  }

  /** Takes the client out, and tells it that the channel is closed. */
  kick(): void {
    if (this.joined) this.#finish({ kind: "kicked" }, PHX_CLOSE)
    // Its right was perhaps looked at before it was taken.
    else this.#refuse(new Refused({ reason: "kicked" }))
  }

  /** Ends without a word to the client: the line is gone, or the topic was joined anew. */
  end(reason: TerminateReason): void {
    const { joined: wasJoined, ended } = this
    if (ended) return
    this.#status = "ended"
    const { context } = this.socket
    this.socket.release(this.#queue.clear())
    this.#busy = false
    this.#current = undefined
    if (wasJoined) {
      context.pubsub.unsubscribe(this.topic, this)
      context.presence.untrack(this)
      context.counters.rookery_channels--
      const { terminate } = this.route.handlers
      if (terminate !== undefined) {
        const failed = (error: unknown): void => context.failed(error, "terminate", this.topic, this.socket)
        run(() => terminate(reason, this), { done: () => {}, failed, broken: failed })
      }
      context.emit("channelEnded", { socket: this.socket, topic: this.topic, reason })
    }
    // Not before: `terminate` may want to know who is still there, on other nodes too.
    this.#membership.exit()
    this.#abort?.abort()
  }

  #canSpeak(): boolean {
    if (this.joining) {
      throw new RookeryError("not_joined", `${this.topic} is not joined before its join is answered; use joined()`)
    }
    return this.joined
  }

  #finish(reason: TerminateReason, event: string): void {
    if (this.ended) return
    this.end(reason)
    this.socket.channelEnded(this, event)
  }

  crash(error: unknown): void {
    if (this.ended) return
    const { context } = this.socket
    context.counters.rookery_channels_crashed_total++
    context.failed(error, "channel", this.topic, this.socket)
    this.#finish({ kind: "crashed", error }, PHX_ERROR)
  }

  #stop(reason: StopReason): void {
    this.#finish({ kind: "stopped", reason }, isShutdown(reason) ? PHX_CLOSE : PHX_ERROR)
  }

  /** What cannot be sent crashes the channel: within a handler by the exception, else right here. */
  attempt(act: () => void): void {
    if (this.#busy) return act()
    try {
      act()
    } catch (error) {
      this.crash(error)
    }
  }

  #publish(
    event: string,
    payload: unknown,
    except?: ChannelProcess,
    { once }: BroadcastOptions = {},
  ): MaybePromise<void> {
    if (!this.#canSpeak()) return undefined
    let told: MaybePromise<void> = undefined
    this.attempt(() => {
      const sender = except && this.#membership.senderId()
      const broadcast = new Broadcast(this.topic, event, payload, { sender, once })
      told = this.socket.context.publish(broadcast, except, this.socket)
    })
    return told
  }

  /** What runs next, whether it went well or not; a fault of ours ends the line. */
  outcome(done: (result: unknown) => void, failed: (error: unknown) => void): Outcome {
    return { done, failed, broken: (error) => this.socket.fail(error) }
  }

  #next(): Outcome {
    return this.outcome(
      () => this.settled(),
      (error) => this.crash(error),
    )
  }

  #admit(response: unknown): void {
    if (!this.joining) return
    const entered = this.#membership.enter()
    if (!isPromise(entered)) return this.#welcome(response)
    const welcome = this.#asked(() => this.#welcome(response))
    wait(entered, welcome)
  }

  #asked(done: (result: unknown) => void): Outcome {
    return this.outcome(done, (error) => this.#refuse(error))
  }

  /** Lets the client in: first it is answered, then it gets what it missed, and then all that comes. */
  #welcome(response: unknown = {}): void {
    if (!this.joining) return
    const { socket, topic } = this
    const { context } = socket
    let missed: readonly Broadcast[]
    try {
      const answer = this.#membership.answer(response)
      missed = answer.missed
      socket.reply(this.sentJoinRef, this.#ref, topic, "ok", answer.response)
    } catch (error) {
      return this.#refuse(error)
    }
    this.#status = "joined"
    context.pubsub.subscribe(topic, this)
    context.counters.rookery_channels++
    context.counters.rookery_channels_joined_total++
    socket.joinAnswered(this, true)
    this.replaces = undefined
    context.emit("channelJoined", { socket, topic, durationMs: performance.now() - this.#started })
    for (const broadcast of missed) this.deliver(broadcast)
    const { joined } = this.route.handlers
    if (joined === undefined) this.settled()
    else run(() => joined(this), this.#next())
  }

  #refuse(error: unknown): void {
    if (!this.joining) return
    const { socket, topic } = this
    const { reason, response } = refusalOf(error)
    socket.context.counters.rookery_joins_refused_total++
    if (reason === "crashed") socket.context.failed(error, "join", topic, socket)
    if (reason === "timeout") socket.context.limitHit("joinMs", socket)
    this.#status = "ended"
    this.#busy = false
    this.#membership.exit()
    try {
      socket.reply(this.sentJoinRef, this.#ref, topic, "error", response)
    } catch {
      socket.reply(this.sentJoinRef, this.#ref, topic, "error", { reason: "join crashed" })
    }
    socket.joinAnswered(this, false)
    socket.context.emit("joinRefused", { socket, topic, reason })
    this.#abort?.abort()
    this.#drain()
  }

  /** A handler is through: stops if it said so, else takes what stands in line. */
  settled(): void {
    this.#busy = false
    this.#current = undefined
    this.#passing = undefined
    if (this.ended) return
    if (this.#stopping !== undefined) return this.#stop(this.#stopping)
    if (this.#queue.length > 0) this.#drain()
  }

  #drain(): void {
    this.#queue.drain(
      () => this.#busy,
      ({ message, bytes, unchecked }) => {
        this.socket.release(bytes)
        // What came before the join was answered may be for whoever has the topic by now.
        if (unchecked) this.socket.redispatch(message as Message)
        else if (this.ended) return
        else if (message instanceof Broadcast) this.#pass(message)
        else this.#handle(message)
      },
    )
  }

  /** Sends a broadcast on, or has it intercepted. */
  #pass(broadcast: Broadcast): void {
    const handler = this.route.intercept?.get(broadcast.event)
    if (handler !== undefined) {
      this.#busy = true
      this.#passing = broadcast
      run(() => handler(broadcast.payload, this, NO_ID), this.#next())
      return
    }
    const numbered = this.#membership.recovers && broadcast.offset !== undefined
    if (!this.socket.deliver(broadcast, numbered) && numbered) this.lost()
  }

  #handle(message: Message): void {
    const { event, ref } = message
    const { topic, route, socket } = this
    if (event === PHX_LEAVE) {
      socket.reply(this.joinRef, ref, topic, "ok", {})
      return this.#finish({ kind: "left" }, PHX_CLOSE)
    }
    const handler = route.receive?.get(event) ?? (event === PHX_HISTORY ? historyHandler(this) : undefined)
    if (handler === undefined) return this.crash(unhandled(topic, event))
    this.#busy = true
    this.#current = new PushProcess(this, message, handler)
    this.#current.start()
  }
}
