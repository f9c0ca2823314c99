import type { Clock } from "../protocol/clock.js"
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
import { BufferFullError, ChannelClosedError, DisconnectedError, RookeryError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_JOIN, PHX_LEAVE, PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { Bindings, type Handler } from "./bindings.js"
import { MessageStream } from "./message-stream.js"
import type { WhenFull } from "./outbox.js"
import { Push, type PushHost, type PushOptions } from "./push.js"
import type { DownReason } from "./reconnector.js"
import { whenReady } from "./when-ready.js"

/** Where a channel stands. */
export type ChannelState = "closed" | "errored" | "joined" | "joining" | "leaving"

/** Options of {@link Channel.listen}. */
export interface ListenOptions {
  /** Stops listening when it is aborted. */
  signal?: AbortSignal | undefined
  /** Stops listening after the first message. */
  once?: boolean
}

/** Options of {@link Channel.messages}. */
export interface MessagesOptions {
  /** Ends the loop when it is aborted. */
  signal?: AbortSignal | undefined
  /**
   * How many messages may wait for a slow loop; one more ends it with a `BufferFullError`.
   *
   * @default 1000
   */
  limit?: number
}

/** The payload and the options of a push; both may be left out where the contract asks for no payload. */
export type PushArguments<Payload> = undefined extends Payload
  ? [payload?: Payload, options?: number | PushOptions]
  : [payload: Payload, options?: number | PushOptions]

/** What a socket needs of its channels, whatever their types. @internal */
export interface ChannelEnd {
  readonly topic: string
  receive(message: Message): void
  connectionUp(): void
  connectionDown(reason: DownReason): void
  leave(): unknown
  destroy(error: RookeryError): void
}

/** What a channel needs of its socket. @internal */
export interface ChannelHost {
  readonly clock: Clock
  readonly timeout: number
  readonly bufferSize: number
  readonly whenFull: WhenFull
  isConnected(): boolean
  makeRef(): string
  /** Sends a message, now or when it can. */
  post(message: Message, push?: Push): void
  /** From now on the topic's messages come to this channel; another channel of the topic is left. */
  enter(channel: ChannelEnd): void
  /** The topic's messages go to nobody. */
  exit(channel: ChannelEnd): void
  rejoinAfterMs(tries: number): number
  owes(push: Push): void
  report(error: unknown): void
  readonly log: ((kind: string, message: string, data?: unknown) => void) | undefined
}

/** A room: a topic of the socket, joined again by itself after the line or the channel broke. */
export class Channel<S = AnyTopics[string]> implements PushHost, ChannelEnd {
  readonly topic: string
  /** Sent with every join; a function is asked anew each time, and may be async. */
  readonly params: unknown
  readonly #host: ChannelHost
  #state: ChannelState = "closed"
  #join: Push<JoinedOf<S>, RefusedOf<S>>
  #timeout: number
  #bindings: Bindings | undefined
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
    this.#host = host
    this.#timeout = host.timeout
    this.#join = this.#newJoin()
  }

  get state(): ChannelState {
    return this.#state
  }

  /** The join: of now, or the last one. */
  get joinPush(): Push<JoinedOf<S>, RefusedOf<S>> {
    return this.#join
  }

  /** @internal */
  get clock(): Clock {
    return this.#host.clock
  }

  /**
   * Joins the topic, and joins it again whenever the line or the channel broke. Once left or closed, a channel can be
   * joined anew.
   *
   * @throws a `RookeryError` with code `already_joined` while it is joined or joining
   */
  join(options?: number | Omit<PushOptions, "retry">): Push<JoinedOf<S>, RefusedOf<S>> {
    if (this.#state !== "closed") {
      throw new RookeryError("already_joined", `${this.topic} is ${this.#state}; join() it once, or leave() it first`)
    }
    const { timeout, signal } = typeof options === "number" ? { timeout: options } : (options ?? {})
    if (timeout !== undefined) this.#timeout = timeout
    if (this.#joinedOnce || signal !== undefined) this.#join = this.#newJoin(signal)
    this.#joinedOnce = true
    if (!this.#join.over) this.#rejoin()
    return this.#join
  }

  /**
   * Leaves the topic: handlers are told `phx_close` at once, and nothing more comes.
   *
   * @throws never; leaving what is not joined does nothing
   */
  leave(timeout: number = this.#timeout): Push<Loose, never> {
    const push = new Push<Loose, never>(this, PHX_LEAVE, {}, timeout)
    if (this.#state !== "closed") {
      this.#state = "leaving"
      const { ref } = this.#join
      if (this.#host.isConnected() && ref !== null) this.#post(PHX_LEAVE, {}, ref, this.#host.makeRef())
      this.#host.log?.("channel", `leave ${this.topic}`)
      this.#trigger(PHX_CLOSE, "leave", null, ref)
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
    const [payload, options] = args
    const { timeout = this.#timeout, ...rest } = typeof options === "number" ? { timeout: options } : (options ?? {})
    if (!this.#joinedOnce) {
      throw new RookeryError("not_joined", `push "${event}" to ${this.topic}: call join() first`)
    }
    const push = new Push<OkOf<S, E>, ErrorOf<S, E>>(this, event, payload ?? {}, timeout, rest)
    if (push.over) return push
    if (this.#state === "closed") {
      push.startTimer()
      push.fail(new ChannelClosedError("channel_closed", `${push}: the channel was left or closed; join() it again`))
    } else if (this.#state === "joined" && this.#host.isConnected()) {
      this.#send(push)
    } else {
      this.#keep(push)
    }
    return push
  }

  /** Listens to an event. The number is for {@link Channel.off}. */
  on<E extends ReceivedEvent<S>>(event: E, handler: Handler<ReceivesOf<S>[E]>): number {
    return (this.#bindings ??= new Bindings()).add(event, handler)
  }

  /** Ends what {@link Channel.on} began: one handler, or all of the event. */
  off(event: ReceivedEvent<S>, ref?: number): void {
    this.#bindings?.remove(event, ref)
  }

  /** Listens to an event until the returned function is called. */
  listen<E extends ReceivedEvent<S>>(
    event: E,
    handler: Handler<ReceivesOf<S>[E]>,
    { signal, once = false }: ListenOptions = {},
  ): () => void {
    if (signal?.aborted) return () => {}
    const stop = (): void => {
      this.off(event, ref)
      signal?.removeEventListener("abort", stop)
    }
    const ref = this.on(event, (payload, messageRef, joinRef) => {
      if (once) stop()
      handler(payload, messageRef, joinRef)
    })
    signal?.addEventListener("abort", stop)
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
    const end = (): void => stream.end()
    const stream = new MessageStream<ReceivesOf<S>[E]>(limit, () => {
      this.off(event, ref)
      this.off(PHX_CLOSE, closeRef)
      signal?.removeEventListener("abort", end)
    })
    const ref = this.on(event, (payload) => stream.add(payload))
    const closeRef = this.on(PHX_CLOSE, end)
    if (signal?.aborted) end()
    else signal?.addEventListener("abort", end)
    return stream
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
    if (join_ref && join_ref !== joinRef) {
      this.#host.log?.("channel", "dropping outdated message", { topic: this.topic, event, payload, join_ref })
      return
    }
    this.#trigger(event, payload, ref, join_ref || joinRef)
  }

  /** The line is gone. @internal */
  connectionDown(reason: DownReason): void {
    this.#host.clock.clearTimeout(this.#rejoinTimer)
    if (this.#state === "joined" || this.#state === "joining") {
      this.#giveUpPending((push) => new DisconnectedError(push.toString()), true)
      this.#trigger(PHX_ERROR, { source: "transport", reason }, null, this.#join.ref)
    }
  }

  /** There is a line. @internal */
  connectionUp(): void {
    this.#stopRejoin()
    if (this.#state === "errored") this.#rejoin()
  }

  /** The socket is no more. @internal */
  destroy(error: RookeryError): void {
    this.#join.stopTimer()
    for (const push of [this.#join, ...(this.#pending?.values() ?? []), ...(this.#buffer ?? [])]) {
      push.stopTimer()
      push.fail(error)
    }
    this.#pending = this.#buffer = undefined
    this.#trigger(PHX_CLOSE, "destroyed", null, this.#join.ref)
    this.#bindings = undefined
  }

  /** @internal */
  timedOut(push: Push): void {
    if (push !== (this.#join as Push)) {
      this.withdraw(push, push.ref)
      push.ref = null
      push.answer("timeout", {})
      return
    }
    this.#host.log?.("channel", `timeout ${this.topic} (${push.ref})`, push.timeout)
    // The join may have arrived all the same, and its answer be late.
    if (this.#host.isConnected() && push.ref !== null) this.#post(PHX_LEAVE, {}, push.ref, this.#host.makeRef())
    this.#state = "errored"
    push.ref = null
    this.#scheduleRejoin()
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

  /** @internal */
  owes(push: Push): void {
    this.#host.owes(push)
  }

  /** @internal */
  report(error: unknown): void {
    this.#host.report(error)
  }

  #newJoin(signal?: AbortSignal): Push<JoinedOf<S>, RefusedOf<S>> {
    return new Push(this, PHX_JOIN, undefined, this.#timeout, { signal })
  }

  #rejoin(): void {
    if (this.#state === "leaving") return
    const join = this.#join
    this.#host.enter(this)
    this.#state = "joining"
    join.reset()
    join.timeout = this.#timeout
    const current = (): boolean => this.#state === "joining" && this.#join === join && join.ref === null
    const { topic } = this
    whenReady(
      () => (typeof this.params === "function" ? (this.params as () => unknown)() : this.params),
      (params) => {
        if (!current()) return
        const ref = this.#host.makeRef()
        join.begin(ref)
        this.#host.post({ join_ref: ref, ref, topic, event: PHX_JOIN, payload: params ?? {} }, join as Push)
      },
      (cause) => {
        if (!current()) return
        this.#state = "errored"
        join.failLoudly(new RookeryError("connect_failed", `${join}: its params could not be had`, cause))
        this.#scheduleRejoin()
      },
    )
  }

  #scheduleRejoin(): void {
    const { clock } = this.#host
    clock.clearTimeout(this.#rejoinTimer)
    if (!this.#host.isConnected()) return
    this.#rejoinTimer = clock.setTimeout(
      () => {
        if (this.#host.isConnected()) this.#rejoin()
      },
      this.#host.rejoinAfterMs(++this.#rejoinTries),
    )
  }

  #stopRejoin(): void {
    this.#rejoinTries = 0
    this.#host.clock.clearTimeout(this.#rejoinTimer)
  }

  #post(event: string, payload: unknown, joinRef: Ref, ref: Ref, push?: Push): void {
    this.#host.post({ join_ref: joinRef, ref, topic: this.topic, event, payload }, push)
  }

  #send(push: Push): void {
    const ref = this.#host.makeRef()
    push.begin(ref)
    ;(this.#pending ??= new Map()).set(ref, push)
    try {
      this.#post(push.event, push.payload, this.#join.ref, ref, push)
    } catch (error) {
      push.failLoudly(error as Error)
    }
  }

  #keep(push: Push): void {
    const { bufferSize, whenFull } = this.#host
    const buffer = (this.#buffer ??= [])
    push.startTimer()
    if (buffer.length >= bufferSize) {
      const full = new BufferFullError(`the push buffer of ${this.topic}`, bufferSize)
      if (whenFull === "refuse") return push.failLoudly(full)
      buffer.shift()?.failLoudly(full)
    }
    if (push.retry) push.stopTimer()
    buffer.push(push)
  }

  #trigger(event: string, payload: unknown, ref: Ref, joinRef: Ref): void {
    let handled: unknown
    try {
      handled = this.onMessage(event, payload, ref, joinRef)
      if (payload && !handled) throw new Error("channel onMessage callbacks must return the payload, modified or not")
    } catch (error) {
      return this.report(error)
    }
    if (event === PHX_REPLY) this.#answered(ref, handled as Partial<Reply> | null)
    else if (event === PHX_ERROR) this.#errored(handled)
    else if (event === PHX_CLOSE) this.#closed()
    this.#bindings?.call(event, handled, ref, joinRef, this.#host.report)
  }

  #answered(ref: Ref, reply: Partial<Reply> | null): void {
    const status = String(reply?.status)
    const response = reply?.response
    if (ref === this.#join.ref) return this.#joinAnswered(status, response)
    const push = this.#pending?.get(ref)
    if (push === undefined) return
    this.#pending?.delete(ref)
    push.ref = null
    push.answer(status, response)
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

  #errored(reason: unknown): void {
    this.#host.log?.("channel", `error ${this.topic}`, reason)
    if (this.#state === "joining") this.#join.reset()
    this.#state = "errored"
    this.#giveUpPending(
      (push) => new ChannelClosedError("channel_crashed", `${push}: the channel crashed before it answered`),
      false,
    )
    this.#scheduleRejoin()
  }

  #closed(): void {
    this.#host.log?.("channel", `close ${this.topic} ${this.#join.ref}`)
    this.#stopRejoin()
    this.#state = "closed"
    this.#host.exit(this)
    const gone = (push: Push): RookeryError =>
      new ChannelClosedError("channel_closed", `${push}: the channel was left or closed before the answer came`)
    this.#giveUpPending(gone, false)
    for (const push of this.#buffer ?? []) push.fail(gone(push))
    this.#buffer = undefined
    this.#join.stopTimer()
    // An error costs a stack trace, and most joins have long been answered.
    if (!this.#join.over) this.#join.fail(gone(this.#join as Push))
  }

  /** Fails what was sent. What was not, and what may be sent twice, goes back into the buffer, before what is there. */
  #giveUpPending(error: (push: Push) => RookeryError, keepUnsent: boolean): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    const kept: Push[] = []
    for (const push of pending.values()) {
      if (keepUnsent && (push.retry || !push.sent)) {
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
