import type {
  AnyTopics,
  ErrorOf,
  JoinedOf,
  Loose,
  OkOf,
  PayloadOf,
  ReceivedEvent,
  ReceivesOf,
  RefusedOf,
  SentEvent,
} from "../protocol/contract.js"
import { bufferFull, channelClosed, RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_HISTORY, PHX_JOIN, PHX_LEAVE, PHX_RECOVERED, PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { refWithId } from "../protocol/push-id.js"
import { bind, callBindings, rebind, type Bindings } from "./bindings.js"
import type { ChannelHost } from "./channel-host.js"
import type {
  ChannelOptions,
  ChannelState,
  Handler,
  HistoryRequest,
  HistoryResponse,
  ListenOptions,
  MessagesOptions,
  PushArguments,
  Recovery,
} from "./channel-options.js"
import { messageStream, type MessageSource } from "./message-stream.js"
import { onAbort } from "./on-abort.js"
import { keep } from "./outbox.js"
import { Push, type PushOptions } from "./push.js"
import { see, takeAnswer, withSeen, type Seen } from "./recovery.js"
import type { DownReason } from "./reconnector.js"
import type { Provider } from "./socket-options.js"
import type { Socket } from "./socket.js"
import { whenReady } from "./when-ready.js"

/** A room: a topic of the socket, joined again by itself after the line or the channel broke. */
export class Channel<S = AnyTopics[string]> {
  readonly topic: string
  /** Sent with every join; a function is asked anew each time, and may be async. */
  readonly params: unknown
  /** @internal */
  readonly host: ChannelHost
  /** What it has seen of its topic, if it recovers. @internal */
  hasSeen: Seen | undefined
  /** How many subscribers share it, if it was made for them. @internal */
  shares = 0
  #state: ChannelState = "closed"
  #join: Push<JoinedOf<S>, RefusedOf<S>>
  #bindings: Bindings
  #lastBinding = 0
  /** Pushes that wait for their answers, by ref, in the order of their sending. */
  #pending: Map<Ref, Push> | undefined
  /** Pushes that wait for the join. */
  #buffer: Set<Push> | undefined
  #rejoinTries = 0
  #rejoinTimer: unknown

  /** As `socket.channel()` makes one; this is for subclasses. */
  constructor(topic: string, params: unknown, socket: Socket<Loose>, options?: ChannelOptions)
  /** @internal */
  constructor(topic: string, params: unknown, socket: ChannelHost, options?: ChannelOptions)
  constructor(topic: string, params: unknown = {}, socket: ChannelHost, options?: ChannelOptions) {
    if (options?.recover) this.hasSeen = { id: socket.options.id }
    this.topic = topic
    this.params = params
    this.host = socket
    this.#join = new Push(this, PHX_JOIN, undefined, socket.options.timeout)
  }

  get state(): ChannelState {
    return this.#state
  }

  /** The join: of now, or the last one. */
  get joinPush(): Push<JoinedOf<S>, RefusedOf<S>> {
    return this.#join
  }

  /**
   * Joins the topic, and joins it again whenever the line or the channel broke. Once left or closed, a channel can be
   * joined anew.
   *
   * @throws a `RookeryError` with code `already_joined` while it is joined or joining, or `destroyed` when its socket is
   */
  join(options?: number | Omit<PushOptions, "retry">): Push<JoinedOf<S>, RefusedOf<S>> {
    if (this.#state !== "closed") {
      const words = "tried to join multiple times. 'join' can only be called a single time per channel instance"
      throw new RookeryError("already_joined", `${words} until it is left: ${this.topic} is ${this.#state}`)
    }
    this.host.channels.assertAlive()
    // Whoever listens to the join that has not begun hears of this one.
    if (this.#join.over || options) this.#join = new Push(this, PHX_JOIN, undefined, options)
    const join = this.#join
    this.hasSeen &&= { id: this.hasSeen.id }
    if (!join.over) this.#rejoin()
    return join
  }

  /** Leaves the topic: handlers are told `phx_close` at once, and nothing more comes. */
  leave(timeout?: number): Push<Loose, never> {
    const push = new Push<Loose, never>(this, PHX_LEAVE, {}, timeout)
    if (this.#state !== "closed") {
      this.#state = "leaving"
      this.#postLeave()
      this.#trigger(PHX_CLOSE, "leave")
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
    const push = new Push<OkOf<S, E>, ErrorOf<S, E>>(this, event, args[0] ?? {}, args[1])
    if (!push.over) this.send(push)
    return push
  }

  /** Listens to an event. The number is for {@link Channel.off}. */
  on<E extends ReceivedEvent<S>>(event: E, handler: Handler<ReceivesOf<S>[E]>): number {
    const ref = ++this.#lastBinding
    this.#bindings = bind(this.#bindings, event, ref, handler)
    return ref
  }

  /** Ends what {@link Channel.on} began: one handler, or all of the event. */
  off(event: ReceivedEvent<S>, ref?: number): void {
    this.#bindings = rebind(
      this.#bindings,
      (binding) => binding.event !== event || (ref !== undefined && binding.ref !== ref),
    )
  }

  /** Listens to an event until the returned function is called. */
  listen<E extends ReceivedEvent<S>>(
    event: E,
    handler: Handler<ReceivesOf<S>[E]>,
    { signal, once }: ListenOptions = {},
  ): () => void {
    const stop = (): void => {
      this.off(event, ref)
      unfollow()
    }
    const ref = this.on(event, (...message) => {
      if (once) stop()
      handler(...message)
    })
    const unfollow = onAbort(signal, () => this.off(event, ref))
    return stop
  }

  /**
   * The messages of an event, for `for await`. The loop goes on through a lost line and a rejoin, and ends when the
   * channel is left or closed, when the signal is aborted, or with a `BufferFullError` when it is too slow.
   */
  messages<E extends ReceivedEvent<S>>(
    event: E,
    { signal, limit = 1000 }: MessagesOptions = {},
  ): AsyncIterableIterator<ReceivesOf<S>[E]> {
    return messageStream<ReceivesOf<S>[E]>(this as unknown as MessageSource<ReceivesOf<S>[E]>, event, limit, signal)
  }

  /** Calls back when the channel is left, or closed by the server: it is not joined again by itself. */
  onClose(handler: Handler<Loose>): number {
    return this.on(PHX_CLOSE, handler)
  }

  /** Calls back when the channel crashed or the line went: it is joined again by itself. */
  onError(handler: (reason: Loose) => void): number {
    return this.on(PHX_ERROR, (reason) => handler(reason))
  }

  /** Calls back after a rejoin of a channel that recovers: whether it has everything, or something is lost. */
  onRecovered(handler: (recovery: Recovery) => void): number {
    return this.on(PHX_RECOVERED, handler)
  }

  /** A piece of the topic's history, from a server of Rookery's that keeps one. */
  history(request?: HistoryRequest): Push<HistoryResponse> {
    return this.push(PHX_HISTORY as SentEvent<S>, ...([request] as never)) as Push<HistoryResponse>
  }

  /** Sees every message before the handlers, for a subclass or an own function; gives the payload, changed or not. */
  onMessage(_event: string, payload: Loose, _ref: Ref, _joinRef?: Ref): Loose {
    return payload
  }

  /** The ref of the current join. */
  joinRef(): Ref {
    return this.#join.ref
  }

  /** For compatibility with phoenix.js: the socket that this channel belongs to. */
  get socket(): Socket<Loose> {
    return this.host as Socket<Loose>
  }

  /** For compatibility with phoenix.js: how long the join, and a push that names no time of its own, may take. */
  get timeout(): number {
    return this.#join.timeout
  }

  /** For compatibility with phoenix.js: whether `join()` was ever called. */
  get joinedOnce(): boolean {
    return this.#state !== "closed" || this.#join.over
  }

  /** For compatibility with phoenix.js: whether a push is sent at once, as the channel is joined and connected. */
  canPush(): boolean {
    return this.host.isConnected() && this.isJoined()
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
    this.#trigger(event, payload, ref)
  }

  /** Leaves at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }

  /** Takes a message of the topic. @internal */
  receive(message: Message): void {
    const { event, payload, ref, join_ref } = message
    // A message without a join_ref is for everybody; one of an earlier join is for nobody.
    const current = !join_ref || join_ref === this.#join.ref
    if (current && (!this.hasSeen || see(this.hasSeen, message, this.#state === "joined")))
      this.#trigger(event, payload, ref)
    else this.host.log("channel", "outdated message", message)
  }

  /** The line is gone. @internal */
  onConnDown(reason: DownReason): void {
    this.#stopRejoin()
    if (this.#state === "errored" || this.#state === "closed") return
    this.#trigger(PHX_ERROR, { source: "transport", reason })
  }

  /** There is a line. @internal */
  onConnOpen(): void {
    this.#stopRejoin()
    if (this.#state === "errored") this.#rejoin()
  }

  /** The socket is no more. @internal */
  destroy(): void {
    this.#trigger(PHX_CLOSE, "destroyed")
  }

  /** Sends a push, or keeps it until the join is answered. @internal */
  send(push: Push): void {
    if (push === (this.#join as Push)) return this.#rejoin()
    this.withdraw(push)
    if (this.#state === "joined") this.#send(push)
    else this.#keep(push)
  }

  /** @internal */
  timedOut(push: Push): void {
    if (push === (this.#join as Push)) {
      // The join may have arrived all the same, and its answer be late.
      this.#postLeave()
      push.ref = null
      this.#rejoinLater()
    } else this.withdraw(push)
    this.host.owing.delete(push)
    push.answer("timeout", {})
  }

  /** @internal */
  fail(push: Push): void {
    if (push === (this.#join as Push) && this.#state !== "closed") this.leave()
    this.withdraw(push)
  }

  /** @internal */
  withdraw(push: Push): void {
    this.#pending?.delete(push.ref)
    this.#buffer?.delete(push)
    push.ref = null
  }

  #rejoin(): void {
    const { host: socket } = this
    const join = this.#join
    this.#state = "joining"
    socket.channels.enter(this)
    // Who had the topic was left for this one, and may have a handler that left this one too.
    if (this.#join !== join || this.state !== "joining") return
    const ref = socket.makeRef()
    // Params that take long, or fail, count as an answer that does not come.
    join.takeRef(ref)
    whenReady(
      this.params as Provider<object>,
      (payload) => {
        if (join.ref === ref) this.#post(PHX_JOIN, withSeen(payload, this.hasSeen), ref, join as Push)
      },
      (error) => {
        if (join.ref !== ref) return
        this.#rejoinLater()
        socket.report(error)
      },
    )
  }

  #rejoinLater(): void {
    const { host: socket } = this
    const { clock, rejoinAfterMs } = socket.options
    this.#state = "errored"
    clock.clearTimeout(this.#rejoinTimer)
    if (socket.isConnected()) {
      this.#rejoinTimer = clock.setTimeout(() => this.#rejoin(), rejoinAfterMs(++this.#rejoinTries))
    }
  }

  #stopRejoin(): void {
    this.#rejoinTries = 0
    this.host.options.clock.clearTimeout(this.#rejoinTimer)
  }

  #postLeave(): void {
    const { host: socket } = this
    const join = this.#join
    if (socket.isConnected() && join.ref === join.sentRef) this.#post(PHX_LEAVE, {}, socket.makeRef())
  }

  #post(event: string, payload: unknown, ref: Ref, push?: Push): void {
    this.host.post({ join_ref: this.#join.ref, ref, topic: this.topic, event, payload }, push)
  }

  #send(push: Push): void {
    const { host: socket } = this
    let ref = socket.makeRef()
    if (push.retry) ref = refWithId(ref, (push.id ??= socket.options.id + ref))
    push.takeRef(ref)
    ;(this.#pending ??= new Map()).set(ref, push)
    this.#post(push.event, push.payload, ref, push)
  }

  /** Lets a push wait for the join. */
  #keep(push: Push): void {
    if (!push.retry && !this.host.channels.destroyed) push.startTimer()
    if (this.#state === "closed") return push.fail(channelClosed(push))
    const lost = keep((this.#buffer ??= new Set()), push, this.host.options)
    lost?.failLoudly(bufferFull(this.topic))
  }

  #trigger(event: string, payload: unknown, ref: Ref = null): void {
    const joinRef = this.#join.ref
    const isEnd = event === PHX_CLOSE || event === PHX_ERROR
    let handled: unknown
    try {
      handled = this.onMessage(event, payload, ref, joinRef)
      if (payload && !handled) throw new Error("onMessage gave no payload")
    } catch (cause) {
      this.host.report(cause)
      // Whether there is a room is not for a callback to say.
      if (!isEnd) return
      handled = payload
    }
    if (event === PHX_REPLY) this.#answered(ref, (handled ?? {}) as Reply)
    else if (isEnd) {
      this.host.log("channel", `${event} ${this.topic}`, handled)
      if (event === PHX_ERROR) this.#crashed()
      else this.#closed()
    }
    callBindings(this.#bindings, this.socket, event, handled, ref, joinRef)
  }

  #answered(ref: Ref, { status, response }: Reply): void {
    const join = this.#join
    if (ref !== join.ref) {
      const push = this.#pending?.get(ref)
      if (!push) return
      this.withdraw(push)
      return push.answer(status, response)
    }
    // A second answer to one join says nothing.
    if (this.#state !== "joining") return
    if (status === "ok") {
      this.#state = "joined"
      this.#stopRejoin()
      const recovered = this.hasSeen && takeAnswer(this.hasSeen, response)
      if (recovered !== undefined) callBindings(this.#bindings, this.socket, PHX_RECOVERED, { recovered })
      for (const push of this.#buffer ?? []) {
        this.#buffer?.delete(push)
        this.#send(push)
      }
    } else {
      this.#rejoinLater()
    }
    join.answer(status, response)
  }

  #crashed(): void {
    const join = this.#join
    if (this.#state === "joining") {
      join.ref = null
      join.stopTimer()
    }
    const isDown = !this.host.isConnected()
    // Some go back into the buffer, which is empty while anything is sent.
    for (const push of this.#pending?.values() ?? []) {
      if (push.outlives(isDown)) (this.#buffer ??= new Set()).add(push)
    }
    this.#rejoinLater()
  }

  #closed(): void {
    const join = this.#join as Push
    this.#stopRejoin()
    this.#state = "closed"
    this.host.channels.exit(this)
    join.stopTimer()
    for (const push of [...(this.#pending?.values() ?? []), join, ...(this.#buffer ?? [])]) {
      // An error costs a stack trace, and most joins were answered long ago.
      if (!push.over) push.fail(channelClosed(push))
    }
    join.ref = null
  }
}
