import type { Clock } from "../protocol/clock.js"
import type { Loose } from "../protocol/contract.js"
import { PushError, RookeryError, TimeoutError, unanswered } from "../protocol/errors.js"
import type { Ref, Reply } from "../protocol/message.js"
import { bind, callBindings, type Bindings } from "./bindings.js"
import type { Channel } from "./channel.js"
import { onAbort } from "./on-abort.js"

/** Options of a push. */
export interface PushOptions {
  /**
   * How long to wait for the answer, in milliseconds.
   *
   * @default the channel's, 10000 if nothing else was said
   */
  timeout?: number | undefined
  /** Takes the push back: one that was not sent yet is not sent any more. */
  signal?: AbortSignal | undefined
  /**
   * Sends the push again whenever the line was lost before its answer came, and once if the channel crashed. With
   * Rookery's endpoint it takes effect once; with any other it may arrive twice. The timeout counts only while it is on
   * the line.
   *
   * @default false
   */
  retry?: boolean | undefined
}

type KnownStatus = "ok" | "error" | "timeout"

/** What an answer with this status carries. */
export type ResponseOf<Status, Ok, Refused> = Status extends "ok" ? Ok : Status extends "error" ? Refused : Loose

/** What a push needs of its channel. @internal */
export interface PushHost {
  readonly topic: string
  /** Has the timeout of pushes that say none. */
  readonly joinPush: { readonly timeout: number }
  readonly socket: {
    readonly options: { readonly clock: Clock }
    /** Pushes that failed and still owe their `receive("timeout")`. */
    readonly owing: Set<Push>
    report(error: unknown): void
  }
  /** The time is up. */
  timedOut(push: Push): void
  /** Sends a push, or keeps it until the join is answered. */
  send(push: Push): void
  /** A push that was sent, or waits, is not to be answered any more. */
  withdraw(push: Push): void
  /** The same for one that has failed: a join that has failed leaves. */
  fail(push: Push): void
}

/**
 * Something sent to the server, and its answer.
 *
 * `await` gives the response of an `ok` and throws a {@link PushError}, `TimeoutError`, `DisconnectedError` or
 * `ChannelClosedError` otherwise; {@link Push.receive} works as in phoenix.js. A push that nobody awaits never makes an
 * unhandled rejection.
 */
export class Push<Ok = Loose, Refused = Loose> implements PromiseLike<Ok> {
  readonly event: string
  /** What it carries. */
  readonly payload: unknown
  /** The ref that its answer will carry; `null` while none is expected. @internal */
  ref: Ref = null
  /** The ref it was last sent with: while that is its ref, it is on the line. @internal */
  sentRef: Ref | undefined
  /** What a push that may be sent again is known by. @internal */
  id: string | undefined
  /** @internal */
  readonly retry: boolean
  /** @internal */
  timeout: number
  readonly #channel: PushHost
  #timer: unknown
  /** How many crashes of the channel it may be there at: what was there at two may be why. */
  #spareLives: number
  /** What `receive` was given, by status. */
  #hooks: Bindings
  /** What `receive` answers from. */
  #answer: Reply | undefined
  /** What `await` answers from: the first answer or failure, for good. */
  #outcome: Reply | Error | undefined
  #settle: (() => void) | undefined
  #promise: Promise<Ok> | undefined

  /** As `channel.push()` makes one and sends it. */
  constructor(channel: Channel<Loose>, event: string, payload: unknown, options?: number | PushOptions)
  /** @internal */
  constructor(channel: PushHost, event: string, payload: unknown, options?: number | PushOptions)
  constructor(channel: PushHost, event: string, payload: unknown, options: number | PushOptions = {}) {
    const { timeout, retry = false, signal } = typeof options === "number" ? { timeout: options } : options
    this.#channel = channel
    this.event = event
    this.payload = payload
    this.timeout = timeout ?? channel.joinPush.timeout
    this.retry = retry
    this.#spareLives = +retry
    if (!signal) return
    const stop = onAbort(signal, () => {
      if (this.over) return
      this.stopTimer()
      this.fail(new RookeryError("aborted", `${this}: the signal was aborted`, signal.reason))
    })
    // A long-lived signal must not keep the push.
    this.then(stop, stop)
  }

  /**
   * Calls back with the response when the answer has this status: `ok`, `error`, one of the server's own, or `timeout`.
   * At once, if the answer is there already.
   */
  receive<Status extends KnownStatus | (string & {})>(
    status: Status,
    callback: (response: ResponseOf<Status, Ok, Refused>) => void,
  ): this {
    if (this.#answer?.status === status) callback(this.#answer.response as never)
    this.#hooks = bind(this.#hooks, status, null, callback)
    return this
  }

  then<A = Ok, B = never>(
    onOk?: ((response: Ok) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    // Made only when somebody asks, so that a push that nobody awaits has no promise to reject.
    return (this.#promise ??= this.#result()).then(onOk, onError)
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Ok | B> {
    return this.then(null, onError)
  }

  finally(onEnd?: (() => void) | null): Promise<Ok> {
    return this.then().finally(onEnd)
  }

  /** For compatibility with phoenix.js: sends it, unless its time is up. */
  send(): void {
    if (this.#answer?.status !== "timeout") this.#channel.send(this)
  }

  /** For compatibility with phoenix.js: sends it again, and calls the hooks of {@link Push.receive} again. */
  resend(timeout: number): void {
    this.timeout = timeout
    this.#answer = undefined
    this.send()
  }

  /** The name it goes by in errors. */
  toString(): string {
    return `push "${this.event}" to ${this.#channel.topic}`
  }

  /** Whether it has an answer or was given up, and is not to be sent any more. @internal */
  get over(): boolean {
    return !!this.#outcome
  }

  /** Takes a ref for the next sending, which starts the time. @internal */
  takeRef(ref: Ref): void {
    this.ref = ref
    this.#answer = undefined
    this.startTimer()
  }

  /** @internal */
  startTimer(): void {
    this.stopTimer()
    this.#timer = this.#channel.socket.options.clock.setTimeout(() => this.#channel.timedOut(this), this.timeout)
  }

  /** @internal */
  stopTimer(): void {
    this.#channel.socket.options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Takes the answer. @internal */
  answer(status: string, response: unknown): void {
    this.stopTimer()
    this.#end((this.#answer = { status, response }))
    callBindings(this.#hooks, this.#channel.socket, status, response)
  }

  /** Has no answer to expect: whoever awaits learns now, `receive("timeout")` when its time is up. @internal */
  fail(error: Error): void {
    this.#end(error)
    if (this.#timer !== undefined) this.#channel.socket.owing.add(this)
    this.#channel.fail(this)
  }

  /**
   * The line is down, or the channel crashed: fails, or says that it wants to be sent at the next join, as what was not
   * sent, and what may be sent twice. @internal
   */
  outlives(isDown: boolean): boolean {
    const isOver = this.sentRef === this.ref && (isDown ? !this.retry : !this.#spareLives--)
    if (isOver) this.fail(unanswered(this, isDown))
    else {
      this.#channel.withdraw(this)
      if (this.retry) this.stopTimer()
    }
    return !isOver
  }

  /** Fails, and reports it unless somebody awaits the push. @internal */
  failLoudly(error: Error): void {
    this.fail(error)
    // An `await` asks for the promise in a microtask that is queued after this one.
    queueMicrotask(() =>
      queueMicrotask(() => {
        if (!this.#promise) this.#channel.socket.report(error)
      }),
    )
  }

  #end(outcome: Reply | Error): void {
    this.#outcome ??= outcome
    this.#settle?.()
  }

  async #result(): Promise<Ok> {
    if (!this.#outcome) await new Promise<void>((resolve) => (this.#settle = resolve))
    const outcome = this.#outcome as unknown as Reply | Error
    if (outcome instanceof Error) throw outcome
    const { status, response } = outcome
    if (status === "ok") return response as Ok
    if (status === "timeout") throw new TimeoutError("timeout", `${this}: no answer within ${this.timeout} ms`)
    throw new PushError(`${this}`, status, response)
  }
}
