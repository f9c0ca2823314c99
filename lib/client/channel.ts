import type {
  AnyTopics,
  ErrorOf,
  JoinedOf,
  Loose,
  OkOf,
  PayloadOf,
  RefusedOf,
  SentEvent,
} from "../protocol/contract.js"
import { bufferFull, channelClosed, PushError, RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_HISTORY, PHX_JOIN, PHX_LEAVE, PHX_RECOVERED, PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { ChannelEvents } from "./channel-events.js"
import type { ChannelHost } from "./channel-host.js"
import type { ChannelOptions, ChannelState, HistoryRequest, HistoryResponse, PushArguments } from "./channel-options.js"
import type { DownReason } from "./connection-status.js"
import { onAbort } from "./on-abort.js"
import { whenReady, type Provider } from "./provider.js"
import { toPushOptions, type PushOptions } from "./push-options.js"
import { PushQueue } from "./push-queue.js"
import { Push } from "./push.js"
import { acceptMessage, readJoinResponse, withRecoverParams, type RecoveryPosition } from "./recovery.js"

/** A topic of the socket. A joined channel rejoins by itself after a lost connection or a crash. */
export class Channel<S = AnyTopics[string]> extends ChannelEvents<S> {
  // The fields that every incoming message reads come first, for the cache: ten thousand channels do not fit into it.
  /** For compatibility with phoenix.js: the socket that this channel belongs to. */
  readonly socket: ChannelHost
  #join: Push<JoinedOf<S>, RefusedOf<S>>
  /** How much of the topic it has received, if it recovers. @internal */
  recovery: RecoveryPosition | undefined
  #state: ChannelState = "closed"
  readonly topic: string
  /** Sent with every join. A function, which may be async, is called for each join. */
  readonly params: unknown
  /** How many subscriptions share it, if it was created for the first of them. @internal */
  subscriptions = 0
  /** Created by the first push: among ten thousand channels most only listen. */
  #queue: PushQueue | undefined
  #rejoinTries = 0
  #rejoinTimer: unknown
  /** The server's last refusal, while the join is being retried. @internal */
  refusal: PushError | undefined

  /** `socket.channel()` creates channels; the constructor is for subclasses. */
  constructor(topic: string, params: unknown, socket: ChannelHost, options?: ChannelOptions) {
    super()
    this.topic = topic
    this.params = params ?? {}
    this.socket = socket
    if (options?.recover) this.recovery = { id: socket.options.id, ...(options.recover as object) }
    this.#join = new Push(this, PHX_JOIN, undefined, socket.options.timeout)
  }

  get state(): ChannelState {
    return this.#state
  }

  /** The current join, or the last one. */
  get joinPush(): Push<JoinedOf<S>, RefusedOf<S>> {
    return this.#join
  }

  /**
   * Joins the topic, and rejoins it whenever the connection was lost or the channel crashed. A channel that was left or
   * closed can be joined again.
   *
   * @throws a `RookeryError` with code `already_joined` while it is joined or joining, or `destroyed` if its socket is
   */
  join(options?: number | Omit<PushOptions, "retry">): Push<JoinedOf<S>, RefusedOf<S>> {
    if (this.#state !== "closed") {
      const words = "tried to join multiple times. 'join' can only be called a single time per channel instance"
      throw new RookeryError("already_joined", `${words}; leave ${this.topic} first`)
    }
    this.socket.expectConnection()
    // The join made by the constructor is used first, so that `receive()` hooks added before `join()` fire.
    if (this.#join.outcome) this.#join = new Push(this, PHX_JOIN, undefined)
    const join = this.#join
    this.#begin(join as Push, options)
    return join
  }

  /** Leaves the topic: `onClose` handlers are called at once, and no more messages come. */
  leave(timeout?: number): Push<Loose, never> {
    const push = new Push<Loose, never>(this, PHX_LEAVE, {}, timeout)
    if (this.#state !== "closed") {
      this.#state = "leaving"
      this.#postLeave()
      this.trigger(PHX_CLOSE, "leave")
    }
    push.answer("ok", {})
    return push
  }

  /**
   * Sends an event. Before the join is answered it waits in a bounded buffer.
   *
   * @throws a `RookeryError` with code `not_joined` if `join()` was never called
   */
  push<E extends SentEvent<S>>(event: E, ...args: PushArguments<PayloadOf<S, E>>): Push<OkOf<S, E>, ErrorOf<S, E>> {
    if (!this.joinedOnce) {
      const words = "before joining. Use channel.join() before pushing events"
      throw new RookeryError("not_joined", `tried to push '${event}' to '${this.topic}' ${words}`)
    }
    const [payload, options] = args
    const push = new Push<OkOf<S, E>, ErrorOf<S, E>>(this, event, payload ?? {})
    this.#begin(push as Push, options)
    return push
  }

  /** A page of the topic's history, from a Rookery server that keeps one. */
  history(request?: HistoryRequest, options?: number | PushOptions): Push<HistoryResponse> {
    return this.push(PHX_HISTORY as SentEvent<S>, ...([request, options] as never)) as Push<HistoryResponse>
  }

  /** Called with every message before the handlers; returns the payload, changed or not. Override or replace it. */
  onMessage(_event: string, payload: Loose, _ref: Ref, _joinRef?: Ref): Loose {
    return payload
  }

  /** The ref of the current join. */
  joinRef(): Ref {
    return this.#join.ref
  }

  /** For compatibility with phoenix.js: the timeout of the join, and of pushes without their own. */
  get timeout(): number {
    return this.#join.timeout
  }

  /** For compatibility with phoenix.js: whether `join()` was ever called. */
  get joinedOnce(): boolean {
    return this.#state !== "closed" || !!this.#join.outcome
  }

  /** For compatibility with phoenix.js: whether a push is sent at once, because the channel is joined and connected. */
  canPush(): boolean {
    return this.socket.isConnected() && this.isJoined()
  }

  /** For compatibility with phoenix.js: whether {@link Channel.state} is `closed`. */
  isClosed(): boolean {
    return this.#state === "closed"
  }

  /** For compatibility with phoenix.js: whether {@link Channel.state} is `errored`. */
  isErrored(): boolean {
    return this.#state === "errored"
  }

  /** For compatibility with phoenix.js: whether {@link Channel.state} is `joined`. */
  isJoined(): boolean {
    return this.#state === "joined"
  }

  /** For compatibility with phoenix.js: whether {@link Channel.state} is `joining`. */
  isJoining(): boolean {
    return this.#state === "joining"
  }

  /** For compatibility with phoenix.js: whether {@link Channel.state} is `leaving`. */
  isLeaving(): boolean {
    return this.#state === "leaving"
  }

  /** For compatibility with phoenix.js: sends the join again at once. */
  rejoin(timeout: number = this.timeout): void {
    if (!this.isLeaving()) this.#join.resend(timeout)
  }

  /** For compatibility with phoenix.js: handles an event as if the server had sent it. */
  trigger(event: string, payload?: unknown, ref: Ref = null): void {
    const joinRef = this.#join.ref
    const isEnd = event === PHX_CLOSE || event === PHX_ERROR
    let handled: unknown
    try {
      handled = this.onMessage(event, payload, ref, joinRef)
      if (payload && !handled) {
        throw new RookeryError("handler_failed", `onMessage of ${this.topic} must return the payload`)
      }
    } catch (cause) {
      this.socket.report(cause)
      // A throwing `onMessage` must not block `phx_close` or `phx_error`: the channel's state follows the server.
      if (!isEnd) return
      handled = payload
    }
    if (event === PHX_REPLY) this.#onReply(ref, (handled ?? {}) as Reply)
    else if (isEnd) {
      this.socket.log("channel", `${event} ${this.topic}`, handled)
      if (event === PHX_ERROR) this.#onErrorEvent()
      else this.#onCloseEvent()
    }
    this.callHandlers(event, handled, ref, joinRef)
  }

  /** Leaves at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }

  /** Handles one decoded message for this topic; drops messages of an earlier join. @internal */
  receive(message: Message): void {
    const { event, payload, ref, join_ref } = message
    // A message without a join_ref is a broadcast, and belongs to the current join.
    const isCurrent = !join_ref || join_ref === this.#join.ref
    if (isCurrent && (!this.recovery || acceptMessage(this.recovery, message, this.isJoined()))) {
      this.trigger(event, payload, ref)
    } else this.socket.log("channel", "outdated", message)
  }

  /** The connection is lost. @internal */
  onConnDown(reason: DownReason): void {
    this.#stopRejoinTimer()
    if (this.#state === "errored" || this.#state === "closed") return
    this.trigger(PHX_ERROR, { source: "transport", reason })
  }

  /** The socket is connected. @internal */
  onConnOpen(): void {
    this.#stopRejoinTimer()
    if (this.#state === "errored") this.#rejoin()
  }

  /** The socket is destroyed. @internal */
  destroy(): void {
    this.trigger(PHX_CLOSE, "destroyed")
  }

  /** @internal */
  sendPush(push: Push): void {
    if (push === (this.#join as Push)) return this.#rejoin()
    this.#pushes.remove(push)
    if (this.#state === "joined") return this.#pushes.send(push)
    const lost = this.#pushes.wait(push)
    if (this.#state === "closed") this.#reject(push, channelClosed(push))
    else if (lost) this.rejectPush(lost, bufferFull(this.topic))
  }

  /** @internal */
  rejectPush(push: Push, error: Error): void {
    if (push === (this.#join as Push)) {
      push.settle(error)
      // Not left: a subscription would join again, and fail again, forever.
      this.trigger(PHX_CLOSE, error)
    } else this.#pushes.reject(push, error)
    // A caller that awaits the push does so in a microtask that is queued after this one.
    queueMicrotask(() =>
      queueMicrotask(() => {
        if (!push.promise) this.socket.report(error)
      }),
    )
  }

  get #pushes(): PushQueue {
    return (this.#queue ??= new PushQueue(this))
  }

  #reject(push: Push, error: Error): void {
    if (push !== (this.#join as Push)) return this.#pushes.reject(push, error)
    push.settle(error)
    this.leave()
  }

  /** Sends a new push or join, unless its signal is aborted, and rejects it when the signal is. */
  #begin(push: Push, options: number | PushOptions | undefined): void {
    const { signal, retry, timeout = push.timeout } = toPushOptions(options)
    push.timeout = timeout
    push.retry = retry
    if (signal) {
      // A long-lived signal must not keep the push.
      push.unfollow = onAbort(signal, () => {
        const error = new RookeryError("aborted", `${push}: the signal was aborted`, signal.reason)
        push.stopTimer()
        this.#reject(push, error)
      })
    }
    if (!push.outcome) this.sendPush(push)
  }

  #rejoin(): void {
    const { socket } = this
    const join = this.#join
    this.#state = "joining"
    socket.channels.enter(this)
    // `enter()` leaves the former channel of the topic; its `phx_close` handler may have left this one.
    if (this.#join !== join || this.state !== "joining") return
    const ref = socket.makeRef()
    join.queuedAs(ref)
    // The timeout includes the params: params that never resolve count as a missing answer.
    join.startTimer(() => this.#onJoinTimeout())
    whenReady(
      this.params as Provider<object>,
      (params) => {
        if (join.ref === ref) this.post(PHX_JOIN, withRecoverParams(params, this.recovery), ref, join as Push)
      },
      (error) => {
        if (join.ref !== ref) return
        this.#rejoinLater()
        socket.report(error)
      },
    )
  }

  #rejoinLater(): void {
    const { socket } = this
    const { clock, rejoinAfterMs } = socket.options
    this.#state = "errored"
    clock.clearTimeout(this.#rejoinTimer)
    if (socket.isConnected()) {
      this.#rejoinTimer = clock.setTimeout(() => this.#rejoin(), rejoinAfterMs(++this.#rejoinTries))
    }
  }

  #stopRejoinTimer(): void {
    this.#rejoinTries = 0
    this.refusal = undefined
    this.socket.options.clock.clearTimeout(this.#rejoinTimer)
  }

  /** Leaves at the server, if the server has heard of the join. */
  #postLeave(): void {
    if (this.#join.wasWritten && this.socket.isConnected()) this.post(PHX_LEAVE, {}, this.socket.makeRef())
  }

  /** Sends a message of the current join. @internal */
  post(event: string, payload: unknown, ref: Ref, push?: Push): void {
    this.socket.post({ join_ref: this.#join.ref, ref, topic: this.topic, event, payload }, push)
  }

  #onJoinTimeout(): void {
    const join = this.#join
    if (!join.ref) return join.settle({ status: "timeout", response: {} })
    // The server may have received the join even so, and answer late.
    this.#postLeave()
    join.ref = null
    this.#rejoinLater()
    join.answer("timeout", {})
  }

  #onReply(ref: Ref, { status, response }: Reply): void {
    const join = this.#join
    if (ref !== join.ref) return this.#queue?.answer(ref, status, response)
    // A second answer to one join is ignored.
    if (this.#state !== "joining") return
    let recovered: boolean | undefined
    if (status === "ok") {
      this.#state = "joined"
      this.#stopRejoinTimer()
      recovered = this.recovery && readJoinResponse(this.recovery, response)
      this.#queue?.sendWaiting()
    } else {
      this.refusal = new PushError(join, status, response)
      this.#rejoinLater()
    }
    const isHeard = join.answer(status, response)
    // The join is retried indefinitely, so its first refusal must not be silent.
    if (!isHeard && this.#rejoinTries === 1) console.warn(this.refusal?.message)
    // Last, because a handler may push, which must queue after the waiting pushes, or rejoin, to which this answer does
    // not apply.
    if (recovered !== undefined && join.ref === ref) this.callHandlers(PHX_RECOVERED, { recovered })
  }

  /** The channel crashed at the server, or the connection is lost. */
  #onErrorEvent(): void {
    const join = this.#join
    if (this.#state === "joining") {
      join.ref = null
      // The promise's timeout keeps running; `receive("timeout")` is no longer called, as in phoenix.js.
      if (join.outcome) join.stopTimer()
    }
    this.#queue?.interrupt(!this.socket.isConnected())
    this.#rejoinLater()
  }

  #onCloseEvent(): void {
    const join = this.#join as Push
    this.#stopRejoinTimer()
    this.#state = "closed"
    this.socket.channels.remove(this)
    join.stopTimer()
    // Creating an error costs a stack trace, and most joins were answered long ago.
    if (!join.outcome) join.settle(channelClosed(join))
    this.#queue?.rejectAll()
    join.ref = null
    // A channel that joins after `leave()` has missed nothing.
    this.recovery &&= { id: this.recovery.id }
  }
}
