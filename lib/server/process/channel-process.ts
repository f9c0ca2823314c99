import type { Loose } from "../../protocol/contract.js"
import { RookeryError } from "../../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_HISTORY, PHX_LEAVE } from "../../protocol/events.js"
import type { Message, Ref } from "../../protocol/message.js"
import type { PresenceState } from "../../protocol/presence.js"
import { Broadcast } from "../pubsub/broadcast.js"
import { ChannelQueue, type QueueOwner, type Waiting } from "./channel-queue.js"
import {
  isShutdown,
  type BroadcastOptions,
  type Channel,
  type StopReason,
  type TerminateReason,
  type TrackOptions,
} from "../api/channel.js"
import type { ChannelHost } from "./channel-host.js"
import { historyHandler } from "./history-handler.js"
import { releaseWith, type Receipt } from "../limits/kept-bytes.js"
import { JoinProcess, type JoiningChannel } from "./join-process.js"
import type { Tracker } from "../pubsub/presence.js"
import type { Subscriber } from "../pubsub/pubsub.js"
import { callUserCode, type Outcome } from "../support/call-user-code.js"
import { noReply, Refused, type NoReply, type ReplyTo } from "../api/reply.js"
import { LastWords } from "./last-words.js"
import { membershipOf, type JoinAnswer, type Membership } from "./membership.js"
import { NO_ID, PushProcess, replyToOf, unhandled, type PushChannel } from "./push-process.js"
import { takeRecoverRequest } from "./recover-request.js"
import type { MaybePromise } from "../api/cluster.js"
import type { ChannelServices } from "./services.js"
import type { ChannelRoute } from "./channel-routes.js"

/**
 * One client in one room. Like a process in Phoenix it handles one message at a time: messages that arrive while a
 * handler is awaited are queued. While handlers return plain values, everything here is synchronous.
 */
export class ChannelProcess implements Channel, Subscriber, Tracker, PushChannel, JoiningChannel, QueueOwner {
  readonly topic: string
  readonly socket: ChannelHost
  readonly services: ChannelServices
  readonly startedAt: number
  /** The join_ref of this channel: its messages carry it, and messages of the client must carry the same one. */
  readonly joinRef: Ref
  /**
   * The join_ref that the client sent with the join, or null. The replies to the join and about the channel's end
   * repeat it.
   */
  readonly sentJoinRef: Ref
  /** The earlier channel of the same topic, which this join ended. */
  replaces: ChannelProcess | undefined
  readonly route: ChannelRoute
  readonly #membership: Membership
  /**
   * The join. It stays after its answer: at a full collection while no client joins, V8 would drop the hidden class of
   * joins, and with it their optimized code.
   */
  readonly #join: JoinProcess
  /** The broadcast that the `intercept` handler has now. */
  #passing: Broadcast | undefined
  #params: unknown
  #assigns: Loose
  #status: "joining" | "joined" | "ended" = "joining"
  /**
   * Whether a handler runs, is awaited, or neither. While one is awaited, code of the application that belongs to no
   * handler may run as well: its timers.
   */
  #handler: "none" | "called" | "awaited" = "none"
  #queue: ChannelQueue | undefined
  /** The bytes of the join's params. */
  readonly #joinReceipt: Receipt
  #current: PushProcess | undefined
  #stopping: StopReason | undefined
  #abort: AbortController | undefined
  /** Whether a message was lost for a client that recovers: a later one would hide the gap. */
  #hasGap = false
  #lastWords: LastWords | undefined

  constructor(
    socket: ChannelHost,
    services: ChannelServices,
    route: ChannelRoute,
    join: Message,
    receipt: Receipt,
    replaces: ChannelProcess | undefined,
  ) {
    this.socket = socket
    this.services = services
    this.startedAt = services.runtime.clock.now()
    this.topic = join.topic
    this.joinRef = join.join_ref ?? join.ref
    this.sentJoinRef = join.join_ref
    this.replaces = replaces
    this.#joinReceipt = receipt
    this.route = route
    const { history } = route
    const [request, params] = history === undefined ? [undefined, join.payload] : takeRecoverRequest(join.payload)
    this.#params = params
    this.#membership = membershipOf(join.topic, history, request, services)
    this.#join = new JoinProcess(this, this.#membership, join.ref)
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

  /** Whether a message that arrives now has to wait. */
  get busy(): boolean {
    return this.#busy || this.#isBehind
  }

  /** Whether a message that waits may still decide which channel the next message is for, as a join or a leave does. */
  get deciding(): boolean {
    return this.joining || (!this.#busy && this.#isBehind)
  }

  get running(): boolean {
    return this.#busy
  }

  get successor(): ChannelQueue | undefined {
    return this.socket.successorOf(this)
  }

  /** The messages that wait for this channel. Made for the first of them: most channels never have one. */
  get queue(): ChannelQueue {
    return (this.#queue ??= new ChannelQueue(this, this.services.turns))
  }

  /** The number of queued messages. */
  get waiting(): number {
    return this.#queue?.length ?? 0
  }

  /** Whether a message that arrives now has to wait behind others. */
  get #isBehind(): boolean {
    return this.#queue?.isBehind === true
  }

  get #busy(): boolean {
    return this.#handler !== "none"
  }

  /** Calls the channel's `join` and replies to the client. */
  start(): void {
    this.callHandler(() => this.#join.start(this.#params))
  }

  /** Calls the handler of the join with its checked params. */
  askToJoin(params: Loose): unknown {
    this.#params = params
    return this.route.handlers.join?.({ topic: this.topic, params, socket: this.socket }, this)
  }

  /**
   * Handles or queues a message of the client. Only a leave, or a message that does not have to wait, has no receipt.
   */
  receive(message: Message, receipt: Receipt | undefined): void {
    if (!this.ended && this.busy) {
      if (receipt === undefined) return this.queue.addLeave(message)
      return this.queue.add({ message, receipt, unchecked: this.deciding })
    }
    receipt?.release()
    if (!this.ended) this.#handle(message)
  }

  /** Sends a broadcast on, or queues it for `intercept`. */
  deliver(broadcast: Broadcast): void {
    if (this.#hasGap) return
    const { intercept } = this.route
    // A client that recovers relies on rising offsets: if one event is intercepted, the others must not overtake it.
    const waits = intercept !== undefined && (this.#membership.recovers || intercept.has(broadcast.event))
    if (!waits || !this.busy) return this.#pass(broadcast)
    const receipt = this.socket.reserveBroadcast(broadcast)
    if (receipt !== undefined) this.queue.add({ message: broadcast, receipt, unchecked: false })
    else if (broadcast.offset !== undefined) this.lost()
  }

  /** Messages were lost: a client that recovers is sent away, joins again, and gets the missing messages then. */
  lost(): void {
    if (!this.#membership.recovers) return
    this.#hasGap = true
    this.stop("lost")
  }

  push(event: string, payload: unknown): void {
    if (!this.#canSpeak()) return this.#explainSilence("push", event)
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
    if (this.#canSpeak()) this.services.presence.track(this, key, meta, options.state ?? true)
  }

  update(key: string, meta: unknown): void {
    if (this.joined) this.services.presence.update(this, key, meta)
  }

  untrack(key?: string): void {
    if (this.joined) this.services.presence.untrack(this, key)
  }

  get presences(): PresenceState<Loose> {
    return this.services.presence.list(this.topic) as PresenceState<Loose>
  }

  /** Removes the client from the channel and sends it `phx_close`. */
  kick(): void {
    if (this.joined) this.#finish({ kind: "kicked" }, PHX_CLOSE)
    // `join` may have checked the client's right before the right was withdrawn.
    else this.#join.refuse(new Refused({ reason: "kicked" }))
  }

  /** Ends the channel without a message to the client: the connection is gone, or the client joined the topic again. */
  end(reason: TerminateReason): void {
    const { joined: wasJoined, ended } = this
    if (ended) return
    this.#status = "ended"
    this.#queue?.end()
    this.#letGo(!wasJoined)
    const handlerIsAwaited = wasJoined && this.#busy && this.#isCut(reason)
    this.#handler = "none"
    this.#current = undefined
    if (wasJoined) {
      const { presence, pubsub, telemetry } = this.services
      pubsub.unsubscribe(this.topic, this)
      presence.untrack(this)
      telemetry.counters.rookery_channels--
      const { terminate } = this.route.handlers
      if (terminate !== undefined || handlerIsAwaited) this.#lastWords = new LastWords(handlerIsAwaited)
      if (terminate !== undefined) {
        const failed = (error: unknown): void => telemetry.failed(error, "terminate", this.topic, this.socket)
        this.#lastWords?.terminate(() => terminate(reason, this), failed)
      }
      telemetry.emit("channelEnded", { socket: this.socket, topic: this.topic, reason })
    }
    // Exits only now: `terminate` may read the presences of the topic, including those of other nodes.
    this.#membership.exit()
    this.#abort?.abort()
  }

  /**
   * Stops counting the bytes of the params and of the current push; those of a handler that still runs, once it ends.
   */
  #letGo(isAwaited: boolean): void {
    if (isAwaited) releaseWith(this, this.#joinReceipt)
    else this.#joinReceipt.release()
    this.#current?.abandon()
  }

  /** Whether a channel ends because its client is gone, or comes anew, and not because it may not stay. */
  #isCut({ kind }: TerminateReason): boolean {
    return kind === "duplicate_join" || (kind === "closed" && !this.socket.sentAway)
  }

  #canSpeak(): boolean {
    if (this.joining) {
      const message = `${this.topic} is not joined before its join is answered; use joined()`
      const error = new RookeryError("not_joined", message)
      if (this.#handler === "called") throw error
      // A timer that `join` has started speaks too early while a slow `join` is awaited.
      this.#join.refuse(error)
    }
    return this.joined
  }

  /** Logs that a call has no effect, because a timer or a promise of the application has outlived the channel. */
  #explainSilence(call: string, event: string): void {
    const message = `a ${call} to a channel that has ended has no effect; room.signal is aborted at its end`
    this.services.telemetry.explain(`${call} ${event}`, message, { topic: this.topic, event, socket: this.socket.id })
  }

  #finish(reason: TerminateReason, event: string): void {
    if (this.ended) return
    this.end(reason)
    this.socket.channelEnded(this, event)
  }

  crash(error: unknown): void {
    this.#lastWords?.handlerEnded()
    if (this.ended) return
    const { telemetry } = this.services
    telemetry.counters.rookery_channels_crashed_total++
    telemetry.failed(error, "channel", this.topic, this.socket)
    this.#finish({ kind: "crashed", error }, PHX_ERROR)
  }

  #stop(reason: StopReason): void {
    this.#finish({ kind: "stopped", reason }, isShutdown(reason) ? PHX_CLOSE : PHX_ERROR)
  }

  /**
   * Sends something. If it cannot be encoded the channel crashes: the error is thrown to a handler that runs, and
   * crashes the channel here otherwise. A timer may send while a handler is awaited, and an error that is thrown to a
   * timer ends the process.
   */
  attempt(act: () => void): void {
    if (this.#handler === "called") return act()
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
    const publish = (): MaybePromise<void> => {
      const sender = except && this.#membership.senderId()
      const broadcast = new Broadcast(this.topic, event, payload, { sender, once })
      return this.services.publisher.publish(broadcast, except, this.socket)
    }
    if (this.#lastWords?.terminating === true) return publish()
    let told: MaybePromise<void> = undefined
    const act = (): void => {
      told = publish()
    }
    // A client may be cut off while its message is being saved. Its handler goes on and tells the others, as in Phoenix:
    // a client that sends the push again gets the remembered reply, and the others would never hear of it.
    if (this.#lastWords?.awaited !== undefined) this.#attemptAtEnd(this.#lastWords.awaited, act)
    else if (this.#canSpeak()) this.attempt(act)
    else this.#explainSilence("broadcast", event)
    return told
  }

  /** Sends something at the end: there is no channel to crash any more. */
  #attemptAtEnd(where: string, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.services.telemetry.failed(error, where, this.topic, this.socket)
    }
  }

  /** Makes the callbacks for a call of user code. An error of the endpoint's own code closes the connection. */
  outcome(done: (result: unknown) => void, failed: (error: unknown) => void): Outcome {
    return { done, failed, broken: (error) => this.socket.fail(error) }
  }

  /** Runs code that calls a handler. If the handler has not ended by then, its promise is awaited. */
  callHandler(call: () => void): void {
    this.#handler = "called"
    call()
    if (this.#handler === "called") this.#handler = "awaited"
  }

  #next(): Outcome {
    return this.outcome(
      () => this.settled(),
      (error) => this.crash(error),
    )
  }

  /** The join was answered: the client gets the messages that it missed, then every new one. */
  admitted({ missed, recovered }: JoinAnswer): void {
    const { services, socket, topic } = this
    const { counters } = services.telemetry
    this.#status = "joined"
    services.pubsub.subscribe(topic, this)
    counters.rookery_channels++
    counters.rookery_channels_joined_total++
    const durationMs = services.runtime.clock.now() - this.startedAt
    // A listener of the event may broadcast: the client gets that behind the messages that it missed.
    services.pubsub.hold(() => {
      services.telemetry.emit("channelJoined", { socket, topic, durationMs, recovered })
      socket.joinAnswered(this, true)
      this.replaces = undefined
      // Each message that is sent may end the connection, if the client does not read.
      for (const broadcast of missed) if (this.joined) this.deliver(broadcast)
    })
    if (this.ended) return
    const { joined } = this.route.handlers
    if (joined === undefined) return this.settled()
    this.callHandler(() => callUserCode(() => joined(this), this.#next()))
  }

  /** Ends the channel because its join is refused; `tell` sends the reply. */
  refused(isAwaited: boolean, tell: () => void): void {
    this.#status = "ended"
    this.#handler = "none"
    this.#letGo(isAwaited)
    this.#membership.exit()
    tell()
    this.#abort?.abort()
    this.#queue?.drain()
  }

  /** A handler has ended: stops the channel if the handler called `stop()`, else handles the queue. */
  settled(): void {
    this.#handler = "none"
    this.#lastWords?.handlerEnded()
    this.#current = undefined
    this.#passing = undefined
    if (this.ended) return
    if (this.#stopping !== undefined) return this.#stop(this.#stopping)
    this.#queue?.drain()
  }

  handleWaiting({ message, unchecked }: Waiting): void {
    // A message that arrived before the join was answered may be meant for the channel that has the topic now.
    if (unchecked) this.socket.redispatch(message as Message)
    else if (this.ended) return
    else if (!(message instanceof Broadcast)) this.#handle(message)
    else if (!this.#hasGap) this.#pass(message)
  }

  /** Sends a broadcast on, or passes it to its `intercept` handler. */
  #pass(broadcast: Broadcast): void {
    const handler = this.route.intercept?.get(broadcast.event)
    if (handler !== undefined) {
      this.#passing = broadcast
      return this.callHandler(() => callUserCode(() => handler(broadcast.payload, this, NO_ID), this.#next()))
    }
    const numbered = this.#membership.recovers && broadcast.offset !== undefined
    if (!this.socket.deliver(broadcast, numbered) && numbered) this.lost()
  }

  #handle(message: Message): void {
    const { event, ref } = message
    const { topic, route, socket, services } = this
    if (event === PHX_LEAVE) {
      socket.reply(this.joinRef, ref, topic, "ok", {})
      return this.#finish({ kind: "left" }, PHX_CLOSE)
    }
    const handler = route.receive?.get(event) ?? (event === PHX_HISTORY ? historyHandler(this) : undefined)
    if (handler === undefined) {
      const error = unhandled(topic, event)
      services.telemetry.emit("pushCrashed", { socket, topic, event, ref, durationMs: 0, error })
      return this.crash(error)
    }
    const push = (this.#current = new PushProcess(this, message, handler))
    this.callHandler(() => push.start())
  }
}
