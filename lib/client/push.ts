import type { Clock } from "../protocol/clock.js"
import type { Loose } from "../protocol/contract.js"
import { PushError, TimeoutError } from "../protocol/errors.js"
import { PHX_JOIN } from "../protocol/events.js"
import type { Ref, Reply } from "../protocol/message.js"
import { addHandler, callHandlers, type ErrorReporter, type HandlerList } from "./handler-list.js"

type KnownStatus = "ok" | "error" | "timeout"

/** The response type of an answer with this status. */
export type ResponseOf<Status, Ok, Refused> = Status extends "ok" ? Ok : Status extends "error" ? Refused : Loose

/** The part of a channel that its pushes use. @internal */
export interface PushSender {
  readonly topic: string
  /** The timeout of pushes without their own. */
  readonly timeout: number
  readonly socket: ErrorReporter & { readonly options: { readonly clock: Clock } }
  /** The server's last refusal of the join, while the channel is not joined. */
  readonly refusal: PushError | undefined
  /** Sends the push now, or when the join is answered. */
  sendPush(push: Push): void
  /** Rejects a push that the socket cannot send, and reports the error unless the push is awaited. */
  rejectPush(push: Push, error: Error): void
}

/**
 * A message to the server, and its answer.
 *
 * `await` returns the response of an `ok` and throws a {@link PushError}, `TimeoutError`, `DisconnectedError` or
 * `ChannelClosedError` otherwise; {@link Push.receive} works as in phoenix.js. A push that is not awaited never causes
 * an unhandled rejection.
 */
export class Push<Ok = Loose, Refused = Loose> implements PromiseLike<Ok> {
  readonly event: string
  /** The payload of the message. */
  readonly payload: unknown
  /** The ref that its answer will carry; `null` while no answer is expected. @internal */
  ref: Ref = null
  /** The ref of the message that was last written to a connection. @internal */
  writtenRef: Ref = null
  /** Whether it is sent again if it may not have arrived. @internal */
  retry: boolean | undefined
  /** @internal */
  timeout: number
  /** Identifies a push with `retry` at the server, however often it is sent. @internal */
  id: string | undefined
  /** The running timeout. @internal */
  timer: unknown
  /** Whether the channel has crashed while this push was in flight. @internal */
  sawCrash = false
  /** Removes its message from the socket's outbox. @internal */
  unqueue: (() => void) | undefined
  /** Stops listening to its signal. @internal */
  unfollow: (() => void) | undefined
  /**
   * The first answer or failure, which never changes: the result of `await`. A join may still be sent again after it.
   * @internal
   */
  outcome: Reply | Error | undefined
  /** The promise of `await`, created on demand: a push that is not awaited has no promise to reject. @internal */
  promise: Promise<Ok> | undefined
  readonly #sender: PushSender
  /** The callbacks of `receive`, by status. */
  #hooks: HandlerList
  /** The answer to the last transmission, for hooks that are added late. */
  #answer: Reply | undefined
  #resolve: ((outcome: Reply | Error) => void) | undefined

  /** `channel.push()` creates pushes. @internal */
  constructor(sender: PushSender, event: string, payload: unknown, timeout: number = sender.timeout) {
    this.#sender = sender
    this.event = event
    this.payload = payload
    this.timeout = timeout
  }

  /**
   * Calls back with the response if the answer has this status: `ok`, `error`, a custom one, or `timeout`. Calls back
   * at once if the answer has already arrived.
   */
  receive<Status extends KnownStatus | (string & {})>(
    status: Status,
    callback: (response: ResponseOf<Status, Ok, Refused>) => void,
  ): this {
    if (this.#answer?.status === status) callback(this.#answer.response as never)
    this.#hooks = addHandler(this.#hooks, status, null, callback)
    return this
  }

  then<A = Ok, B = never>(
    onOk?: ((response: Ok) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.promise ??= this.#result()).then(onOk, onError)
  }

  catch<B = never>(onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Ok | B> {
    return this.then(null, onError)
  }

  finally(onEnd?: (() => void) | null): Promise<Ok> {
    return this.then().finally(onEnd)
  }

  /** For compatibility with phoenix.js: sends the push again, unless it has timed out. */
  send(): void {
    if (this.#answer?.status !== "timeout") this.#sender.sendPush(this)
  }

  /** For compatibility with phoenix.js: sends the push again, and calls the hooks of {@link Push.receive} again. */
  resend(timeout: number): void {
    this.timeout = timeout
    this.#answer = undefined
    this.send()
  }

  /** The name of the push in errors. */
  toString(): string {
    return `${this.event === PHX_JOIN ? "join of" : `push "${this.event}" to`} ${this.#sender.topic}`
  }

  /** Prepares a transmission under a new ref. @internal */
  queuedAs(ref: Ref): void {
    this.ref = ref
    this.#answer = undefined
  }

  /** Whether an answer is expected to a message that the server may have. @internal */
  get wasWritten(): boolean {
    return !!this.ref && this.ref === this.writtenRef
  }

  /** Restarts the timeout. @internal */
  startTimer(onTimeout: () => void): void {
    this.stopTimer()
    this.timer = this.#sender.socket.options.clock.setTimeout(onTimeout, this.timeout)
  }

  /** @internal */
  stopTimer(): void {
    this.#sender.socket.options.clock.clearTimeout(this.timer)
    this.timer = undefined
  }

  /**
   * Fails the push because the socket cannot send it: it cannot be encoded, or the socket's buffer is full. @internal
   */
  fail(error: Error): void {
    this.#sender.rejectPush(this, error)
  }

  /** Returns whether the answer reaches the application. @internal */
  answer(status: string, response: unknown): boolean {
    this.stopTimer()
    this.#answer = { status, response }
    this.settle(this.#answer)
    return callHandlers(this.#hooks, this.#sender.socket, status, response) || !!this.promise
  }

  /** Settles the promise. For compatibility with phoenix.js no hook is called. @internal */
  settle(outcome: Reply | Error): void {
    this.outcome ??= outcome
    this.unfollow?.()
    this.unqueue?.()
    this.#resolve?.(this.outcome)
  }

  async #result(): Promise<Ok> {
    const outcome = this.outcome ?? (await new Promise<Reply | Error>((resolve) => (this.#resolve = resolve)))
    if (outcome instanceof Error) throw outcome
    const { status, response } = outcome
    if (status === "ok") return response as Ok
    if (status !== "timeout") throw new PushError(this, status, response)
    throw new TimeoutError("timeout", `${this}: no answer within ${this.timeout} ms`, this.#sender.refusal)
  }
}
