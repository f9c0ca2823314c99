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
import { bufferFull, ChannelClosedError, DisconnectedError, RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_JOIN, PHX_LEAVE, PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { callBindings, rebind, type Bindings } from "./bindings.js"
import type { ChannelHost } from "./channel-host.js"
import type { ChannelState, Handler, ListenOptions, MessagesOptions, PushArguments } from "./channel-options.js"
import { messageStream } from "./message-stream.js"
import { onAbort } from "./on-abort.js"
import { Push, type PushOptions } from "./push.js"
import type { DownReason } from "./reconnector.js"
import { whenReady } from "./when-ready.js"

/** A room: a topic of the socket, joined again by itself after the line or the channel broke. */
export class Channel<S = AnyTopics[string]> {
  readonly topic: string
  /** Sent with every join; a function is asked anew each time, and may be async. */
  readonly params: unknown
  /** @internal */
  readonly host: ChannelHost
  #state: ChannelState = "closed"
  #join: Push<JoinedOf<S>, RefusedOf<S>>
  #timeout: number
  #bindings: Bindings
  #lastBinding = 0
  /** Pushes that wait for their answers, by ref, in the order of their sending. */
  #pending: Map<Ref, Push> | undefined
  /** Pushes that wait for the join. */
  #buffer: Push[] | undefined
  #joinedOnce = false
  #rejoinTries = 0
  #rejoinTimer: unknown

  /** @internal */
  constructor(topic: string, params: unknown, host: ChannelHost) {
    this.topic = topic
    this.params = params
    this.host = host
    this.#timeout = host.options.timeout
    this.#join = new Push(this, PHX_JOIN, undefined, this.#timeout)
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
   * @throws a `RookeryError` with code `already_joined` while it is joined or joining
   */
  join(options?: number | Omit<PushOptions, "retry">): Push<JoinedOf<S>, RefusedOf<S>> {
    if (this.#state !== "closed") {
      throw new RookeryError("already_joined", `${this.topic} is ${this.#state}; leave() it first`)
    }
    const { timeout = this.#timeout, signal } = toOptions(options)
    this.#timeout = timeout
    this.#joinedOnce = true
    this.#join = new Push(this, PHX_JOIN, undefined, timeout, { signal })
    if (!this.#join.over) this.#rejoin()
    return this.#join
  }

  /** Leaves the topic: handlers are told `phx_close` at once, and nothing more comes. */
  leave(timeout: number = this.#timeout): Push<Loose, never> {
    const push = new Push<Loose, never>(this, PHX_LEAVE, {}, timeout)
    if (this.#state !== "closed") {
      this.#state = "leaving"
      this.#postLeave()
      this.#trigger(PHX_CLOSE, "leave", null, this.#join.ref)
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
    if (!this.#joinedOnce) {
      throw new RookeryError("not_joined", `push "${event}" to ${this.topic}: call join() first`)
    }
    const options = toOptions(args[1])
    const push = new Push<OkOf<S, E>, ErrorOf<S, E>>(
      this,
      event,
      args[0] ?? {},
      options.timeout ?? this.#timeout,
      options,
    )
    if (push.over) return push
    if (this.#state === "joined" && this.host.isConnected()) this.#send(push)
    else this.#keep(push)
    return push
  }

  /** Listens to an event. The number is for {@link Channel.off}. */
  on<E extends ReceivedEvent<S>>(event: E, handler: Handler<ReceivesOf<S>[E]>): number {
    const ref = ++this.#lastBinding
    this.#bindings = rebind(this.#bindings, () => true, { event, ref, handler })
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
    { signal, once = false }: ListenOptions = {},
  ): () => void {
    const stop = (): void => {
      this.off(event, ref)
      unfollow()
    }
    const ref = this.on(event, (payload, messageRef, joinRef) => {
      if (once) stop()
      handler(payload, messageRef, joinRef)
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
    const stops: (() => void)[] = []
    const { add, end, messages } = messageStream<ReceivesOf<S>[E]>(limit, () => {
      for (const stop of stops) stop()
    })
    stops.push(
      this.listen(event, (payload) => add(payload)),
      this.listen(PHX_CLOSE, () => end()),
    )
    stops.push(onAbort(signal, () => end()))
    return messages
  }

  /** Calls back when the channel is left, or closed by the server: it is not joined again by itself. */
  onClose(handler: Handler<Loose>): number {
    return this.on(PHX_CLOSE, handler)
  }

  /** Calls back when the channel crashed or the line went: it is joined again by itself. */
  onError(handler: (reason: Loose) => void): number {
    return this.on(PHX_ERROR, (reason) => handler(reason))
  }

  /** Sees every message before the handlers, for a subclass or an own function; gives the payload, changed or not. */
  onMessage(_event: string, payload: Loose, _ref: Ref, _joinRef: Ref): Loose {
    return payload
  }

  /** The ref of the current join. */
  joinRef(): Ref {
    return this.#join.ref
  }

  /** Leaves at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }

  /** Takes a message of the topic. @internal */
  receive({ event, payload, ref, join_ref }: Message): void {
    const joinRef = this.#join.ref
    // A message without a join_ref is for everybody; one of an earlier join is for nobody.
    if (!join_ref || join_ref === joinRef) return this.#trigger(event, payload, ref, joinRef)
    this.host.log("channel", "dropping outdated message", { topic: this.topic, event, payload, join_ref })
  }

  /** The line is gone. @internal */
  connectionDown(reason: DownReason): void {
    this.host.options.clock.clearTimeout(this.#rejoinTimer)
    if (this.#state !== "joined" && this.#state !== "joining") return
    this.#giveUpPending(
      (push) => new DisconnectedError("disconnected", `${push}: the connection was lost; push again, or with retry`),
      true,
    )
    this.#trigger(PHX_ERROR, { source: "transport", reason }, null, this.#join.ref)
  }

  /** There is a line. @internal */
  connectionUp(): void {
    this.#stopRejoin()
    if (this.#state === "errored") this.#rejoin()
  }

  /** The socket is no more. @internal */
  destroy(): void {
    this.#trigger(PHX_CLOSE, "destroyed", null, this.#join.ref)
  }

  /** @internal */
  timedOut(push: Push): void {
    if (push === (this.#join as Push)) {
      // The join may have arrived all the same, and its answer be late.
      this.#postLeave()
      this.#state = "errored"
      this.#scheduleRejoin()
    } else {
      this.withdraw(push, push.ref)
    }
    push.ref = null
    push.answer("timeout", {})
  }

  /** @internal */
  withdraw(push: Push, ref: Ref): void {
    if (push === (this.#join as Push)) {
      if (this.#state !== "closed") this.leave()
      return
    }
    this.#pending?.delete(ref)
    const at = this.#buffer?.indexOf(push) ?? -1
    if (at >= 0) this.#buffer?.splice(at, 1)
  }

  #rejoin(): void {
    const join = this.#join
    const { host, topic, params } = this
    host.enter(this)
    this.#state = "joining"
    join.begin(null)
    join.timeout = this.#timeout
    const ifCurrent =
      <T>(next: (value: T) => void) =>
      (value: T): void => {
        if (this.#state === "joining" && this.#join === join && join.ref === null) next(value)
      }
    whenReady(
      () => (typeof params === "function" ? (params as () => unknown)() : params),
      ifCurrent((payload) => {
        const ref = host.makeRef()
        join.begin(ref)
        host.post({ join_ref: ref, ref, topic, event: PHX_JOIN, payload: payload ?? {} }, join as Push)
      }),
      ifCurrent((error) => {
        this.#state = "errored"
        host.report(error)
        this.#scheduleRejoin()
      }),
    )
    // Params that take long, or fail, count as an answer that does not come.
    if (join.ref === null && !join.over) join.startTimer()
  }

  #scheduleRejoin(): void {
    const { host } = this
    const { options } = host
    options.clock.clearTimeout(this.#rejoinTimer)
    if (!host.isConnected()) return
    this.#rejoinTimer = options.clock.setTimeout(
      () => {
        if (host.isConnected()) this.#rejoin()
      },
      options.rejoinAfterMs(++this.#rejoinTries),
    )
  }

  #stopRejoin(): void {
    this.#rejoinTries = 0
    if (this.#rejoinTimer !== undefined) this.host.options.clock.clearTimeout(this.#rejoinTimer)
  }

  #postLeave(): void {
    const { ref } = this.#join
    if (ref === null || !this.host.isConnected()) return
    this.#post(PHX_LEAVE, {}, this.host.makeRef())
  }

  #post(event: string, payload: unknown, ref: Ref, push?: Push): void {
    this.host.post({ join_ref: this.#join.ref, ref, topic: this.topic, event, payload }, push)
  }

  #send(push: Push): void {
    const ref = this.host.makeRef()
    push.begin(ref)
    ;(this.#pending ??= new Map()).set(ref, push)
    try {
      this.#post(push.event, push.payload, ref, push)
    } catch (error) {
      push.failLoudly(error as Error)
    }
  }

  /** Lets a push wait for the join. */
  #keep(push: Push): void {
    const { bufferSize, whenFull } = this.host.options
    const buffer = (this.#buffer ??= [])
    if (!push.retry) push.startTimer()
    if (this.#state === "closed") return push.fail(gone(push))
    if (buffer.length >= bufferSize) {
      const full = bufferFull(`the push buffer of ${this.topic}`, bufferSize)
      if (whenFull === "refuse") return push.failLoudly(full)
      buffer[0]?.failLoudly(full)
    }
    buffer.push(push)
  }

  #trigger(event: string, payload: unknown, ref: Ref, joinRef: Ref): void {
    let handled: unknown
    try {
      handled = this.onMessage(event, payload, ref, joinRef)
      if (payload && !handled) throw new Error("onMessage must return the payload")
    } catch (cause) {
      return this.host.report(cause)
    }
    if (event === PHX_REPLY) this.#answered(ref, handled as Partial<Reply> | null)
    else if (event === PHX_ERROR || event === PHX_CLOSE) {
      this.host.log("channel", `${event} ${this.topic}`, handled)
      if (event === PHX_ERROR) this.#errored()
      else this.#closed()
    }
    callBindings(this.#bindings, this.host, event, handled, ref, joinRef)
  }

  #answered(ref: Ref, reply: Partial<Reply> | null): void {
    const status = String(reply?.status)
    if (ref === this.#join.ref) return this.#joinAnswered(status, reply?.response)
    const push = this.#pending?.get(ref)
    if (!push) return
    this.#pending?.delete(ref)
    push.ref = null
    push.answer(status, reply?.response)
  }

  #joinAnswered(status: string, response: unknown): void {
    // A second answer to one join says nothing.
    if (this.#state !== "joining") return
    if (status === "ok") {
      this.#state = "joined"
      this.#stopRejoin()
      const buffer = this.#buffer
      this.#buffer = undefined
      for (const push of buffer ?? []) if (!push.over) this.#send(push)
    } else {
      this.#state = "errored"
      this.#scheduleRejoin()
    }
    this.#join.answer(status, response)
  }

  #errored(): void {
    if (this.#state === "joining") this.#join.begin(null)
    this.#state = "errored"
    this.#giveUpPending((push) => new ChannelClosedError("channel_crashed", `${push}: the channel crashed`))
    this.#scheduleRejoin()
  }

  #closed(): void {
    this.#stopRejoin()
    this.#state = "closed"
    this.host.exit(this)
    this.#join.stopTimer()
    this.#giveUpPending(gone)
    for (const push of [this.#join as Push, ...(this.#buffer?.slice() ?? [])]) push.fail(gone(push))
  }

  /** Fails what was sent. What was not, and what may be sent twice, goes back into the buffer, before what is there. */
  #giveUpPending(error: (push: Push) => RookeryError, lineLost = false): void {
    const pending = this.#pending
    if (!pending) return
    this.#pending = undefined
    const kept: Push[] = []
    for (const push of pending.values()) {
      if (lineLost && (push.retry || !push.sent)) {
        push.ref = null
        if (push.retry) push.stopTimer()
        kept.push(push)
      } else {
        push.fail(error(push))
      }
    }
    if (kept.length > 0) this.#buffer = [...kept, ...(this.#buffer ?? [])]
  }
}

const toOptions = (options: number | PushOptions = {}): PushOptions =>
  typeof options === "number" ? { timeout: options } : options

const gone = (push: Push): RookeryError =>
  new ChannelClosedError("channel_closed", `${push}: the channel is closed; join() it again`)
