import type { ServerEventsOf, AnySpec, Loose, MetaOf, ParamsOf, ServerEvent } from "../../protocol/contract.js"
import type { PresenceState } from "../../protocol/presence.js"
import type { MaybePromise } from "./cluster.js"
import type { NoReply, ReplyTo } from "./reply.js"
import type { ServerSocket } from "./socket.js"

/** Why a channel ended. */
export type TerminateReason =
  /** The client left. */
  | { readonly kind: "left" }
  /** The line is gone, or the endpoint closed it; the websocket's close code. */
  | { readonly kind: "closed"; readonly code: number }
  /** The client joined the topic again on the same socket. */
  | { readonly kind: "duplicate_join" }
  /** `stop()`, with its reason. */
  | { readonly kind: "stopped"; readonly reason: StopReason }
  /** `endpoint.kick()`. */
  | { readonly kind: "kicked" }
  /** A handler threw, or an event came that nobody handles. */
  | { readonly kind: "crashed"; readonly error: unknown }

/**
 * Why a channel stops. After `normal` and `shutdown` the client is told `phx_close` and stays away; after any other word
 * `phx_error`, and it joins again.
 */
export type StopReason = "normal" | "shutdown" | { readonly shutdown: unknown } | (string & {})

/** Whether a client stays away after a channel stopped for this reason. */
export const isShutdown = (reason: StopReason): boolean =>
  reason === "normal" || reason === "shutdown" || typeof reason === "object"

/** A new meta, or what makes one of the old. */
export type MetaUpdate<Meta> = Meta | ((meta: Meta) => Meta)

/** Options of {@link Channel.track}. */
export interface TrackOptions {
  /**
   * Whether the client is pushed `presence_state` after the diff of its own join, the first time this channel tracks.
   *
   * @default true
   */
  state?: boolean
}

/** Options of a broadcast. */
export interface BroadcastOptions {
  /**
   * What the message goes by in its topic, for five minutes: a second one of that name does nothing. So a handler that is
   * run again, because nobody knows whether its broadcast was kept, can just do it again. For topics with a history only.
   */
  once?: string | undefined
}

/**
 * One client in one room: what the handlers of a channel are given. Everything here may be called at any time, from a
 * timer or an event of your own as well; after the channel has ended it does nothing.
 */
export interface Channel<Spec = AnySpec, Assigns = Loose> {
  readonly topic: string
  /** The params of the join, as the contract's schema left them. */
  readonly params: ParamsOf<Spec>
  readonly socket: ServerSocket<Assigns>
  /** What this channel knows: a copy of the socket's, to be changed freely. */
  assigns: Assigns
  /** Aborts when the channel ends: for timers, listeners and requests that belong to it. */
  readonly signal: AbortSignal
  /** Whether the channel is still joined. */
  readonly joined: boolean
  /** A handler returns it to give no answer. */
  readonly noReply: NoReply

  /** Sends an event to this client. */
  push<E extends ServerEvent<Spec>>(event: E, payload: ServerEventsOf<Spec>[E]): void
  /**
   * Sends an event to everybody on the topic, this client included. Await it where the answer must not come before
   * other nodes were told; it rejects if they could not be.
   */
  broadcast<E extends ServerEvent<Spec>>(
    event: E,
    payload: ServerEventsOf<Spec>[E],
    options?: BroadcastOptions,
  ): MaybePromise<void>
  /** Sends an event to everybody on the topic but this client. */
  broadcastFrom<E extends ServerEvent<Spec>>(
    event: E,
    payload: ServerEventsOf<Spec>[E],
    options?: BroadcastOptions,
  ): MaybePromise<void>
  /** Within a handler: a function that answers its push later. The handler then returns `noReply`. */
  replyTo(): ReplyTo
  /** Ends the channel, after the handler that runs now and its reply. */
  stop(reason?: StopReason): void

  /** Shows this client under a key. */
  track(key: string, meta: MetaOf<Spec>, options?: TrackOptions): void
  /** Replaces the meta that this channel has under a key. */
  update(key: string, meta: MetaUpdate<MetaOf<Spec>>): void
  /** Takes this client away: from one key, or from all. */
  untrack(key?: string): void
  /** Everybody on the topic. Not to be changed. */
  readonly presences: PresenceState<MetaOf<Spec>>
}
