import type { Loose } from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { idOfRef } from "../protocol/push-id.js"
import { brief } from "./brief.js"
import type { Channel } from "./channel.js"
import type { AnyHandler, PushInfo } from "./handlers.js"
import { isRefused, isStatusReply, noReply, StatusReply, type ReplyTo } from "./reply.js"
import { isPromise, wait, type Outcome } from "./run.js"
import type { SocketProcess } from "./socket-process.js"
import type { ChannelRoute } from "./topics.js"
import { validate } from "./validation.js"

/** The channel that a push was sent to. */
export interface PushChannel extends Channel<Loose, Loose> {
  readonly socket: SocketProcess
  readonly joinRef: Ref
  readonly route: ChannelRoute
  outcome(done: (result: unknown) => void, failed: (error: unknown) => void): Outcome
  /** The handler is through. */
  settled(): void
  /** Does something that crashes the channel if it throws. */
  attempt(act: () => void): void
  crash(error: unknown): void
}

/** Of a push that comes once. */
export const NO_ID: PushInfo = { id: undefined }

/** What the stored answers of pushes are found by. A client cannot reach those of another user. */
const keyOf = ({ socket, topic }: PushChannel, { event }: Message, id: string): string =>
  JSON.stringify([socket.id, topic, event, id])

/** One push of a client: its handler, and its answer. */
export class PushProcess {
  readonly #channel: PushChannel
  readonly #message: Message
  readonly #handler: AnyHandler
  readonly #started: number
  /** By which its answer is kept, once this is the one that answers it. */
  #key: string | undefined

  constructor(channel: PushChannel, message: Message, handler: AnyHandler) {
    this.#channel = channel
    this.#message = message
    this.#handler = handler
    this.#started = channel.socket.context.listens("pushHandled") ? performance.now() : 0
  }

  /** Calls the handler, unless a push that may come twice was answered before. */
  start(): void {
    const channel = this.#channel
    const id = idOfRef(this.#message.ref)
    if (id === undefined) return this.#run(NO_ID)
    const { once } = channel.socket.context
    const key = keyOf(channel, this.#message, id)
    const outcome = channel.outcome(
      (answer) => {
        if (answer !== undefined) return this.#repeat(answer as Reply)
        if (!channel.joined) return once.release(key)
        this.#key = key
        this.#run({ id })
      },
      (error) => this.#failed(error),
    )
    wait(once.take(key), outcome)
  }

  /** The way to answer later. */
  replyTo(): ReplyTo {
    return (status: string, response: unknown = {}) => {
      this.#keep({ status, response })
      this.#channel.attempt(() => this.#reply(status, response))
    }
  }

  #run(info: PushInfo): void {
    const channel = this.#channel
    const { event, payload } = this.#message
    const schema = channel.route.payloads?.get(event)
    let result: unknown
    try {
      const checked = schema === undefined ? payload : validate(schema, payload, "payload")
      result = isPromise(checked)
        ? checked.then((value) => this.#handler(value, channel, info))
        : this.#handler(checked, channel, info)
    } catch (error) {
      return this.#failed(error)
    }
    if (!isPromise(result)) return this.#answer(result)
    wait(
      result,
      channel.outcome(
        (value) => this.#answer(value),
        (error) => this.#failed(error),
      ),
    )
  }

  #failed(error: unknown): void {
    if (isRefused(error)) return this.#answer(new StatusReply("error", error.response))
    this.#giveBack()
    this.#channel.crash(error)
  }

  #answer(result: unknown): void {
    const channel = this.#channel
    let status: string | undefined
    if (result !== noReply) {
      const isStatus = isStatusReply(result)
      const response: unknown = isStatus ? result.response : result === undefined ? {} : result
      try {
        status = isStatus ? String(result.status) : "ok"
        // Though the channel has ended: whoever asks again gets the answer.
        this.#keep({ status, response })
        this.#reply(status, response)
      } catch (error) {
        return this.#failed(error)
      }
    }
    if (!channel.joined) return
    if (this.#started !== 0) {
      const { socket, topic } = channel
      const durationMs = performance.now() - this.#started
      socket.context.emit("pushHandled", { socket, topic, event: this.#message.event, status, durationMs })
    }
    channel.settled()
  }

  /** Answers once more. */
  #repeat({ status, response }: Reply): void {
    this.#reply(status, response)
    this.#channel.settled()
  }

  #reply(status: string, response: unknown): void {
    const { socket, joinRef, topic, joined } = this.#channel
    if (joined) socket.reply(joinRef, this.#message.ref, topic, status, response)
  }

  #keep(reply: Reply): void {
    if (this.#key !== undefined) this.#channel.socket.context.once.settle(this.#key, reply)
    this.#key = undefined
  }

  #giveBack(): void {
    if (this.#key !== undefined) this.#channel.socket.context.once.release(this.#key)
    this.#key = undefined
  }
}

/** The way to answer later the push whose handler runs. */
export function replyToOf(current: PushProcess | undefined): ReplyTo {
  if (current !== undefined) return current.replyTo()
  throw new RookeryError("bad_option", "replyTo() has no push to answer here; call it within the push's handler")
}

/** Nothing takes an event. */
export function unhandled(topic: string, event: string): RookeryError {
  return new RookeryError("handler_failed", `no handler takes ${JSON.stringify(brief(event))} on ${topic}`)
}
