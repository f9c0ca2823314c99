import type { Loose, MayOmit } from "../protocol/contract.js"
import type { Position } from "../protocol/recovery.js"
import type { Ref } from "../protocol/message.js"
import type { PushOptions } from "./push-options.js"

/** A handler of an event, with the refs that phoenix.js also passes. */
export type Handler<Payload> = (payload: Payload, ref: Ref, joinRef: Ref) => void

/** The state of a channel. */
export type ChannelState = "closed" | "errored" | "joined" | "joining" | "leaving"

/** Options of a channel. */
export interface ChannelOptions {
  /**
   * Asks a server that keeps a history of the topic for the messages that were missed while the connection was lost.
   * {@link Channel.onRecovered} says whether all of them came.
   *
   * With a position, the first join also asks for the messages after it, for example after those that a page was
   * rendered with. `{ rewind: 20 }` asks for the last 20 messages from before the first join.
   *
   * @default false
   */
  recover?: boolean | Position | { readonly rewind: number } | undefined
}

/** Options of a channel and of its first join. */
export type JoinOptions = ChannelOptions & Omit<PushOptions, "retry">

/** The argument of {@link Channel.onRecovered}. */
export interface Recovery {
  /** `false` if messages are lost: the application has to get them some other way. */
  recovered: boolean
}

/** Which part of the history {@link Channel.history} asks for. */
export interface HistoryRequest {
  /** The offset after which to begin. @default the newest messages */
  since?: number | undefined
  /** @default 100 */
  limit?: number | undefined
}

/** A message of {@link HistoryResponse}. */
export interface HistoryMessage {
  offset: number
  event: string
  payload: Loose
  /**
   * Set if the payload is bytes and is omitted because the serializer, like JSON, cannot carry bytes within a reply. A
   * join with `recover` delivers such a message, and `msgpack()` includes its payload here.
   *
   * @default not omitted
   */
  omitted?: "bytes"
}

/** The answer to {@link Channel.history}. */
export interface HistoryResponse {
  epoch: string
  /** The offset of the topic's newest message. */
  newest: number
  /** Whether nothing is missing between `since` and the first message. */
  complete: boolean
  /** The oldest first. */
  messages: HistoryMessage[]
}

/** Options of {@link Channel.listen}. */
export interface ListenOptions {
  /** Stops listening when it is aborted. */
  signal?: AbortSignal | undefined
  /** Stops listening after the first message. */
  once?: boolean | undefined
}

/** Options of {@link Channel.messages}. */
export interface MessagesOptions {
  /** Ends the loop when it is aborted. */
  signal?: AbortSignal | undefined
  /**
   * How many messages may wait for a slow loop. One more ends it with a `BufferFullError`.
   *
   * @default 1000
   */
  limit?: number | undefined
}

/** The payload and the options of a push; both are optional if the contract requires no payload. */
export type PushArguments<Payload> =
  MayOmit<Payload> extends true
    ? [payload?: Payload | undefined, options?: number | PushOptions | undefined]
    : [payload: Payload, options?: number | PushOptions | undefined]
