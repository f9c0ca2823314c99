import type { ServerEventsOf, AnySpec, Loose, MetaOf, ParamsOf, ServerEvent } from "../../protocol/contract.js"
import type { PresenceState } from "../../protocol/presence.js"
import type { MaybePromise } from "./cluster.js"
import type { NoReply, ReplyTo } from "./reply.js"
import type { ServerSocket } from "./socket.js"

/** Why a channel ended. */
export type TerminateReason =
  /** The client left. */
  | { readonly kind: "left" }
  /** The connection was lost, or the endpoint closed it, with this websocket close code. */
  | { readonly kind: "closed"; readonly code: number }
  /** The client joined the topic again on the same socket. */
  | { readonly kind: "duplicate_join" }
  /** `stop()`, with its reason. */
  | { readonly kind: "stopped"; readonly reason: StopReason }
  /** `endpoint.kick()`. */
  | { readonly kind: "kicked" }
  /** A handler threw, or the client pushed an event that has no handler. */
  | { readonly kind: "crashed"; readonly error: unknown }

/**
 * Why a channel stops. After `normal` and `shutdown` the client receives `phx_close` and stays out. After any other
 * reason it receives `phx_error` and joins again.
 */
export type StopReason = "normal" | "shutdown" | { readonly shutdown: unknown } | (string & {})

/** Whether a client stays out after its channel stopped for this reason. */
export const isShutdown = (reason: StopReason): boolean =>
  reason === "normal" || reason === "shutdown" || typeof reason === "object"

/** A new meta, or a function that makes the new meta from the old one. */
export type MetaUpdate<Meta> = Meta | ((meta: Meta) => Meta)

/** Options of {@link Channel.track}. */
export interface TrackOptions {
  /**
   * Whether `presence_state` is pushed to the client, after the diff of its own join, the first time this channel
   * tracks.
   *
   * @default true
   */
  state?: boolean
}

/** Options of a broadcast. */
export interface BroadcastOptions {
  /**
   * A name for the message, unique in its topic for five minutes: a second broadcast of the same name does nothing. A
   * handler that is run again, because it is unknown whether its broadcast was kept, can simply broadcast again. Only
   * for topics with a history.
   */
  once?: string | undefined
}

/**
 * One client in one room, passed to the handlers of a channel. Its methods may be called at any time, also from a timer
 * or an event of your own; after the channel has ended they do nothing, but `terminate` may broadcast, and a handler
 * that is awaited when its client is cut off.
 */
export interface Channel<Spec = AnySpec, Assigns = Loose> {
  readonly topic: string
  /** The params of the join, as the contract's schema left them. */
  readonly params: ParamsOf<Spec>
  readonly socket: ServerSocket<Assigns>
  /** The channel's own data. Begins as a copy of the socket's `assigns`; change it freely. */
  assigns: Assigns
  /** Aborts when the channel ends. Pass it to timers, listeners and requests that belong to the channel. */
  readonly signal: AbortSignal
  /** Whether the channel is still joined. */
  readonly joined: boolean
  /** Return it from a handler to send no reply. */
  readonly noReply: NoReply

  /**
   * Sends an event to this client. If the payload cannot be encoded for it, the channel crashes.
   *
   * @throws a `SerializerError` instead, to a handler that has not returned yet, nor awaited anything
   */
  push<E extends ServerEvent<Spec>>(event: E, payload: ServerEventsOf<Spec>[E]): void
  /**
   * Sends an event to every client on the topic, including this one. Await it if the reply must wait until the other
   * nodes have the message; it rejects if they could not be reached.
   */
  broadcast<E extends ServerEvent<Spec>>(
    event: E,
    payload: ServerEventsOf<Spec>[E],
    options?: BroadcastOptions,
  ): MaybePromise<void>
  /** Sends an event to every client on the topic except this one. */
  broadcastFrom<E extends ServerEvent<Spec>>(
    event: E,
    payload: ServerEventsOf<Spec>[E],
    options?: BroadcastOptions,
  ): MaybePromise<void>
  /**
   * Call it within a handler: returns a function that replies to the push later. The handler then returns `noReply`.
   */
  replyTo(): ReplyTo
  /** Ends the channel once the handler that runs now has returned and its reply is sent. */
  stop(reason?: StopReason): void

  /** Tracks this client's presence under a key. */
  track(key: string, meta: MetaOf<Spec>, options?: TrackOptions): void
  /** Replaces the meta that this channel tracks under a key. */
  update(key: string, meta: MetaUpdate<MetaOf<Spec>>): void
  /** Stops tracking this client under one key, or under all keys. */
  untrack(key?: string): void
  /** The presences of the topic. Do not change them. */
  readonly presences: PresenceState<MetaOf<Spec>>
}
