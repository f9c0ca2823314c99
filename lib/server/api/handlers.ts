import type {
  AnySpec,
  ServerEventsOf,
  JoinedOf,
  Loose,
  OkOf,
  ParamsOf,
  PayloadOf,
  SentEvent,
  ServerEvent,
} from "../../protocol/contract.js"
import type { HistoryOptions } from "../../protocol/recovery.js"
import type { MaybePromise } from "./cluster.js"
import type { Channel, TerminateReason } from "./channel.js"
import type { NoReply, StatusReply } from "./reply.js"
import type { ServerSocket } from "./socket.js"

export type { MaybePromise } from "./cluster.js"

/** What a handler is told about a push beside its payload. */
export interface PushInfo {
  /**
   * Names the push: 32 characters that stay the same when the client sends it again because the connection went before
   * the answer, and that no other client's push has. The handler is not called twice for one name. Where a node may die
   * between what a handler does and its answer, commit the name with what was done. `undefined` for a push without
   * `retry`.
   */
  readonly id: string | undefined
}

/** What `join` is asked with. */
export interface JoinRequest<Spec = AnySpec, Topic extends string = string, Assigns = Loose> {
  readonly topic: Topic
  readonly params: ParamsOf<Spec>
  readonly socket: ServerSocket<Assigns>
}

/** What a handler answers: the `ok` response, another status, or nothing. `undefined` is answered with `{}`. */
export type HandlerResult<Ok> = Ok | undefined | void | NoReply | StatusReply

/** The handlers of pushes, by event. An event without one crashes the channel, as in Phoenix. */
export type ReceiveHandlers<Spec, Assigns> = {
  [E in SentEvent<Spec>]?: (
    payload: PayloadOf<Spec, E>,
    room: Channel<Spec, Assigns>,
    push: PushInfo,
  ) => MaybePromise<HandlerResult<OkOf<Spec, E>>>
}

/** Called instead of sending a broadcast of this event to the client; what the client shall get is pushed. */
export type InterceptHandlers<Spec, Assigns> = {
  [E in ServerEvent<Spec>]?: (payload: ServerEventsOf<Spec>[E], room: Channel<Spec, Assigns>) => MaybePromise<unknown>
}

/** What a channel does. One client's calls come one after the other, an async one is waited for. */
export interface ChannelHandlers<Spec = AnySpec, Topic extends string = string, Assigns = Loose> {
  /** Lets a client in: what it returns is the join's response. `Refused` refuses. Without one everybody is let in. */
  join?: (
    request: JoinRequest<Spec, Topic, Assigns>,
    room: Channel<Spec, Assigns>,
  ) => MaybePromise<JoinedOf<Spec> | undefined | void>
  /** After the join's reply: presence, welcomes. */
  joined?: (room: Channel<Spec, Assigns>) => MaybePromise<unknown>
  /**
   * What is kept of its broadcasts, for clients that recover what they missed, and for those that page back.
   *
   * @default nothing
   */
  history?: HistoryOptions
  receive?: ReceiveHandlers<Spec, Assigns>
  intercept?: InterceptHandlers<Spec, Assigns>
  /** The channel has ended: left, closed, crashed, or the line is gone; the reason tells. */
  terminate?: (reason: TerminateReason, room: Channel<Spec, Assigns>) => MaybePromise<unknown>
}

/** A handler without types. */
export type AnyHandler = (payload: Loose, room: Channel<Loose, Loose>, push: PushInfo) => unknown

/** The same without types, as the endpoint keeps them. */
export interface AnyChannelHandlers {
  join?: (request: Loose, room: Channel<Loose, Loose>) => unknown
  joined?: (room: Channel<Loose, Loose>) => unknown
  history?: HistoryOptions
  receive?: Record<string, AnyHandler | undefined>
  intercept?: Record<string, AnyHandler | undefined>
  terminate?: (reason: TerminateReason, room: Channel<Loose, Loose>) => unknown
}
