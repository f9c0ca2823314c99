import type { Clock } from "../protocol/clock.js"
import type { Loose } from "../protocol/contract.js"
import { PushError, RookeryError, TimeoutError } from "../protocol/errors.js"
import type { Ref, Reply } from "../protocol/message.js"

/** Options of a push. */
export interface PushOptions {
  /**
   * How long to wait for the answer, in milliseconds.
   *
   * @default the channel's, 10000 if nothing else was said
   */
  timeout?: number
  /** Takes the push back: one that was not sent yet is not sent any more. */
  signal?: AbortSignal | undefined
  /**
   * Sends the push again after a rejoin until it is answered, for pushes that may arrive twice. The timeout counts only
   * while it is on the line.
   *
   * @default false
   */
  retry?: boolean
}

/** What a push needs of its channel. @internal */
export interface PushHost {
  readonly topic: string
  readonly clock: Clock
  /** The time is up. */
  timedOut(push: Push): void
  /** A push that was sent with this ref, or waits, is not to be answered any more. */
  withdraw(push: Push, ref: Ref): void
  /** A push failed and still owes its `receive("timeout")`. */
  owes(push: Push): void
  report(error: unknown): void
}

interface Hook {
  status: string
  callback: (response: never) => void
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
  /** The ref it was last sent with; `null` before, and once it has an outcome. @internal */
  ref: Ref = null
  /** Whether it is on the line. @internal */
  sent = false
  /** @internal */
  readonly retry: boolean
  /** @internal */
  timeout: number
  readonly #host: PushHost
  #timer: unknown
  #hooks: Hook[] | undefined
  /** What `receive` answers from. */
  #answer: Reply | undefined
  /** What `await` answers from: the first answer or failure, for good. */
  #outcome: Reply | Error | undefined
  #settle: (() => void) | undefined
  #promise: Promise<Ok> | undefined

  /** @internal */
  constructor(host: PushHost, event: string, payload: unknown, timeout: number, options?: PushOptions) {
    this.#host = host
    this.event = event
    this.payload = payload
    this.timeout = timeout
    this.retry = options?.retry === true
    if (options?.signal !== undefined) this.#abortWith(options.signal)
  }

  /**
   * Calls back with the response when the answer has this status: `ok`, `error`, one of the server's own, or `timeout`.
   * At once, if the answer is there already.
   */
  receive(status: "ok", callback: (response: Ok) => void): this
  receive(status: "error", callback: (response: Refused) => void): this
  receive(status: string, callback: (response: Loose) => void): this
  receive(status: string, callback: (response: never) => void): this {
    if (this.#answer?.status === status) callback(this.#answer.response as never)
    ;(this.#hooks ??= []).push({ status, callback })
    return this
  }

  then<A = Ok, B = never>(
    onOk?: ((response: Ok) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    // Made only when somebody asks, so that a push that nobody awaits has no promise to reject.
    this.#promise ??= new Promise((resolve, reject) => {
      this.#settle = () => {
        const outcome = this.#outcome
        if (outcome === undefined) return
        if (outcome instanceof Error) reject(outcome)
        else if (outcome.status === "ok") resolve(outcome.response as Ok)
        else if (outcome.status === "timeout") reject(new TimeoutError(this.toString(), this.timeout))
        else reject(new PushError(this.toString(), outcome.status, outcome.response))
      }
      this.#settle()
    })
    return this.#promise.then(onOk, onError)
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Ok | B> {
    return this.then(null, onError)
  }

  finally(onEnd?: (() => void) | null): Promise<Ok> {
    return this.then().finally(onEnd)
  }

  /** The name it goes by in errors. */
  toString(): string {
    return `push "${this.event}" to ${this.#host.topic}`
  }

  /** Whether it has an answer or was given up, and is not to be sent any more. @internal */
  get over(): boolean {
    return this.#outcome !== undefined
  }

  /** Takes a ref for the next sending and starts the time. @internal */
  begin(ref: Ref): void {
    this.ref = ref
    this.sent = false
    this.#answer = undefined
    this.startTimer()
  }

  /** Back to before the sending. @internal */
  reset(): void {
    this.ref = null
    this.sent = false
    this.#answer = undefined
    this.stopTimer()
  }

  /** @internal */
  startTimer(): void {
    const { clock } = this.#host
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined
      this.#host.timedOut(this)
    }, this.timeout)
  }

  /** @internal */
  stopTimer(): void {
    this.#host.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Takes the answer. @internal */
  answer(status: string, response: unknown): void {
    this.stopTimer()
    this.#answer = { status, response }
    this.#end(this.#answer)
    if (this.#hooks === undefined) return
    for (const hook of this.#hooks.slice()) {
      if (hook.status !== status) continue
      try {
        hook.callback(response as never)
      } catch (error) {
        this.#host.report(error)
      }
    }
  }

  /** Has no answer to expect: whoever awaits learns now, `receive("timeout")` when its time is up. @internal */
  fail(error: Error): void {
    this.ref = null
    this.#end(error)
    if (this.#timer !== undefined) this.#host.owes(this)
  }

  /** Fails, and reports it unless somebody awaits the push. @internal */
  failLoudly(error: Error): void {
    this.#giveUp(error)
    // An `await` asks for the promise in a microtask that is queued after this one.
    queueMicrotask(() =>
      queueMicrotask(() => {
        if (this.#promise === undefined) this.#host.report(error)
      }),
    )
  }

  #giveUp(error: Error): void {
    const { ref } = this
    this.fail(error)
    this.#host.withdraw(this as Push, ref)
  }

  #end(outcome: Reply | Error): void {
    this.#outcome ??= outcome
    this.#settle?.()
    this.#settle = undefined
  }

  #abortWith(signal: AbortSignal): void {
    const abort = (): void => {
      if (this.over) return
      this.stopTimer()
      this.#giveUp(new RookeryError("aborted", `${this.toString()}: the signal was aborted`, signal.reason))
    }
    if (signal.aborted) return abort()
    signal.addEventListener("abort", abort)
    // Looked at through the outcome, so that a long-lived signal does not keep the push.
    void this.then(
      () => signal.removeEventListener("abort", abort),
      () => signal.removeEventListener("abort", abort),
    )
  }
}
