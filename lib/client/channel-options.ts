import type { MayOmit } from "../protocol/contract.js"
import type { Ref } from "../protocol/message.js"
import type { PushOptions } from "./push.js"

/** A handler of an event, with the refs that phoenix.js hands over too. */
export type Handler<Payload> = (payload: Payload, ref: Ref, joinRef: Ref) => void

/** Where a channel stands. */
export type ChannelState = "closed" | "errored" | "joined" | "joining" | "leaving"

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
   * How many messages may wait for a slow loop; one more ends it with a `BufferFullError`.
   *
   * @default 1000
   */
  limit?: number | undefined
}

/** The payload and the options of a push; both may be left out where the contract asks for no payload. */
export type PushArguments<Payload> =
  MayOmit<Payload> extends true
    ? [payload?: Payload | undefined, options?: number | PushOptions | undefined]
    : [payload: Payload, options?: number | PushOptions | undefined]
