import type { Loose } from "../../protocol/contract.js"
import { RookeryError } from "../../protocol/errors.js"
import { PHX_HISTORY } from "../../protocol/events.js"
import type { LimitName } from "../../protocol/limits.js"
import type { Message, Ref, Reply } from "../../protocol/message.js"
import { idOfRef } from "../../protocol/push-id.js"
import { truncate } from "../support/truncate.js"
import type { Channel } from "../api/channel.js"
import type { ChannelHost } from "./channel-host.js"
import type { AnyHandler, PushInfo } from "../api/handlers.js"
import { releaseWith, type Receipt } from "../limits/kept-bytes.js"
import type { FirstSending, Verdict } from "../pubsub/push-deduplication.js"
import { isRefused, isStatusReply, noReply, StatusReply, type ReplyTo } from "../api/reply.js"
import { isPromise, wait, type Outcome } from "../support/call-user-code.js"
import type { ChannelServices } from "./services.js"
import type { ChannelRoute } from "./channel-routes.js"
import { validate } from "./validation.js"

/** The channel that a push was sent to. */
export interface PushChannel extends Channel<Loose, Loose> {
  readonly socket: ChannelHost
  readonly services: ChannelServices
  readonly joinRef: Ref
  readonly route: ChannelRoute
  outcome(done: (result: unknown) => void, failed: (error: unknown) => void): Outcome
  /** The handler has ended. */
  settled(): void
  /** Calls a function; crashes the channel if it throws. */
  attempt(act: () => void): void
  /** Runs code that calls the handler, here after something that the handler had to wait for. */
  callHandler(call: () => void): void
  crash(error: unknown): void
}

/** For a push without `retry`, which the client sends once. */
export const NO_ID: PushInfo = { id: undefined }

/**
 * The id of a push that must take effect once. `phx_history` has no effect and large replies, so none is remembered.
 */
function idOf({ event, ref }: Message, { receive }: ChannelRoute): string | undefined {
  return event === PHX_HISTORY && receive?.has(event) !== true ? undefined : idOfRef(ref)
}

/** One push of a client: calls its handler and replies. */
export class PushProcess {
  readonly #channel: PushChannel
  readonly #message: Message
  readonly #handler: AnyHandler
  readonly #started: number | undefined
  /** The bytes of the push while its handler is awaited. */
  #receipt: Receipt | undefined
  /** Set if the client may send the push twice: its outcome is then remembered. */
  #first: FirstSending | undefined
  /** Whether the handler has called `replyTo()`, and so may reply after it has returned. */
  #answersLater = false

  constructor(channel: PushChannel, message: Message, handler: AnyHandler) {
    this.#channel = channel
    this.#message = message
    this.#handler = handler
    const { telemetry, runtime } = channel.services
    const measured = telemetry.listens("pushHandled") || telemetry.listens("pushCrashed")
    this.#started = measured ? runtime.clock.now() : undefined
  }

  /** Calls the handler, unless the push was handled before and the client sends it again. */
  start(): void {
    const channel = this.#channel
    const { services, socket, topic } = channel
    const id = idOf(this.#message, channel.route)
    if (id === undefined) return this.#run(NO_ID)
    const { event } = this.#message
    const onLimit = (limit: LimitName): void => services.telemetry.limitHit(limit, socket)
    const outcome = channel.outcome(
      (verdict) => this.#decided(verdict as Verdict),
      (error) => this.#failed(error),
    )
    this.#await(services.deduplication.take({ socket, topic, event, id, onLimit }), outcome)
  }

  /** The channel has ended: stops counting the bytes of the push once its handler has ended. */
  abandon(): void {
    if (this.#receipt !== undefined) releaseWith(this, this.#receipt)
  }

  #await(promise: PromiseLike<unknown>, { done, failed, broken }: Outcome): void {
    this.#receipt ??= this.#channel.socket.keepPush(this.#message)
    // The handler has ended its own channel, whose end came too early to abandon the push.
    if (!this.#channel.joined) this.abandon()
    const then =
      <T>(go: (value: T) => void) =>
      (value: T): void => {
        this.#receipt?.release()
        this.#receipt = undefined
        go(value)
      }
    wait(promise, { done: then(done), failed: then(failed), broken })
  }

  /** Makes a function that replies later. */
  replyTo(): ReplyTo {
    this.#answersLater = true
    return (status: string, response: unknown = {}) => {
      this.#channel.attempt(() => {
        this.#first?.answer({ status, response })
        this.#reply(status, response)
      })
    }
  }

  #decided(verdict: Verdict): void {
    const channel = this.#channel
    if (verdict.kind === "run") {
      if (!channel.joined) {
        verdict.push.release()
        return channel.settled()
      }
      this.#first = verdict.push
      const info = { id: verdict.push.id }
      return channel.callHandler(() => this.#run(info))
    }
    if (verdict.kind === "answer") this.#repeat(verdict)
    this.#message.payload = undefined
    channel.settled()
    if (verdict.kind !== "later") return
    // The channel does not wait for the reply, just as it did not wait when the handler had returned.
    const late = channel.outcome(
      (reply) => reply !== undefined && this.#repeat(reply as Reply),
      (error) => channel.crash(error),
    )
    wait(verdict.reply, late)
  }

  #run(info: PushInfo): void {
    const channel = this.#channel
    const { event, payload } = this.#message
    const schema = channel.route.payloads?.get(event)
    if (schema === undefined) return this.#call(payload, info)
    let checked: unknown
    try {
      checked = validate(schema, payload, "payload")
    } catch (error) {
      return this.#failed(error)
    }
    if (!isPromise(checked)) return this.#call(checked, info)
    const outcome = channel.outcome(
      (value) => this.#checked(value, info),
      (error) => this.#failed(error),
    )
    this.#await(checked, outcome)
  }

  /** The payload was checked, which took its time: the channel may have ended. */
  #checked(payload: unknown, info: PushInfo): void {
    const channel = this.#channel
    if (channel.joined) return channel.callHandler(() => this.#call(payload, info))
    this.#first?.release()
    channel.settled()
  }

  #call(payload: unknown, info: PushInfo): void {
    const channel = this.#channel
    let result: unknown
    try {
      result = this.#handler(payload, channel, info)
    } catch (error) {
      return this.#failed(error)
    }
    if (!isPromise(result)) return this.#answer(result)
    this.#await(
      result,
      channel.outcome(
        (value) => this.#answer(value),
        (error) => this.#failed(error),
      ),
    )
  }

  #failed(error: unknown): void {
    if (isRefused(error)) return this.#answer(new StatusReply("error", error.response))
    this.#first?.release()
    const { joined, services, socket, topic } = this.#channel
    if (joined && this.#started !== undefined) {
      const durationMs = services.runtime.clock.now() - this.#started
      const { event, ref } = this.#message
      services.telemetry.emit("pushCrashed", { socket, topic, event, ref, durationMs, error })
    }
    this.#channel.crash(error)
  }

  #answer(result: unknown): void {
    const channel = this.#channel
    // A handler that replies later keeps this object alive, through `replyTo`; the payload can be freed now.
    this.#message.payload = undefined
    let status: string | undefined
    if (result === noReply) this.#first?.silence(this.#answersLater)
    else {
      const isStatus = isStatusReply(result)
      const response: unknown = isStatus ? result.response : result === undefined ? {} : result
      try {
        status = isStatus ? String(result.status) : "ok"
        // Remembered even if the channel has ended: a client that sends the push again gets this reply.
        this.#first?.answer({ status, response })
        this.#reply(status, response)
      } catch (error) {
        return this.#failed(error)
      }
    }
    if (channel.joined && this.#started !== undefined) {
      const { services, socket, topic } = channel
      const durationMs = services.runtime.clock.now() - this.#started
      const { event, ref } = this.#message
      services.telemetry.emit("pushHandled", { socket, topic, event, ref, status, durationMs })
    }
    channel.settled()
  }

  /**
   * Sends the remembered reply. If this client's serializer cannot encode it the channel crashes, as the first time.
   */
  #repeat({ status, response }: Reply): void {
    try {
      this.#reply(status, response)
    } catch (error) {
      this.#channel.crash(error)
    }
  }

  #reply(status: string, response: unknown): void {
    const { socket, joinRef, topic, joined } = this.#channel
    if (joined) socket.reply(joinRef, this.#message.ref, topic, status, response)
  }
}

/** Makes a function that replies later to the push whose handler runs now. */
export function replyToOf(current: PushProcess | undefined): ReplyTo {
  if (current !== undefined) return current.replyTo()
  throw new RookeryError("bad_option", "replyTo() has no push to answer here; call it within the push's handler")
}

/** The error for an event without a handler. */
export function unhandled(topic: string, event: string): RookeryError {
  return new RookeryError("handler_failed", `no handler takes ${JSON.stringify(truncate(event))} on ${topic}`)
}
