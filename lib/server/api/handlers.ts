import type {
  AnySpec,
  ServerEventsOf,
  JoinedOf,
  Loose,
  MayOmit,
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

/** The third argument of a handler: facts about the push. */
export interface PushInfo {
  /**
   * Identifies a push sent with `retry`: 32 characters, unique across clients, which stay the same when the client
   * sends the push again because the connection was lost before the reply. The handler is not called twice for one id.
   * A node may die after the handler's work and before its reply: to be safe from that, commit the id together with the
   * work. `undefined` for a push without `retry`.
   */
  readonly id: string | undefined
}

/** The argument of `join`. */
export interface JoinRequest<Spec = AnySpec, Topic extends string = string, Assigns = Loose> {
  readonly topic: Topic
  readonly params: ParamsOf<Spec>
  readonly socket: ServerSocket<Assigns>
}

// Without the condition, a handler that forgets its response compiles, and the client reads a `{}` as the response that
// the contract promises.
/** A response, which a handler may leave out only if `{}` is one that the contract allows. */
export type HandlerResponse<Response> = Response | (MayOmit<Response> extends true ? undefined | void : never)

/**
 * The result of a handler: the response of an `ok` reply, another status, or `noReply`. `undefined` replies with `{}`,
 * and is allowed only if the contract declares no `ok` or one that `{}` satisfies.
 */
export type HandlerResult<Ok> = HandlerResponse<Ok> | NoReply | StatusReply

/** The handlers of pushes, by event. An event without a handler crashes the channel, as in Phoenix. */
export type ReceiveHandlers<Spec, Assigns> = {
  [E in SentEvent<Spec>]?: (
    payload: PayloadOf<Spec, E>,
    room: Channel<Spec, Assigns>,
    push: PushInfo,
  ) => MaybePromise<HandlerResult<OkOf<Spec, E>>>
}

/** Called for a broadcast of this event instead of sending it to the client. Push what the client should receive. */
export type InterceptHandlers<Spec, Assigns> = {
  [E in ServerEvent<Spec>]?: (payload: ServerEventsOf<Spec>[E], room: Channel<Spec, Assigns>) => MaybePromise<unknown>
}

/**
 * The handlers of a channel. Those of one client run one at a time; an async handler is awaited before the next runs.
 */
export interface ChannelHandlers<Spec = AnySpec, Topic extends string = string, Assigns = Loose> {
  /**
   * Lets a client in: the result is the join's response. Throw `Refused` to refuse. Without `join`, all clients may
   * join. `undefined` answers with `{}`, and is allowed only if the contract declares no `joined` or one that `{}`
   * satisfies.
   */
  join?: (
    request: JoinRequest<Spec, Topic, Assigns>,
    room: Channel<Spec, Assigns>,
  ) => MaybePromise<HandlerResponse<JoinedOf<Spec>>>
  /** Called after the join's reply is sent, for example to track presence or to push a welcome. */
  joined?: (room: Channel<Spec, Assigns>) => MaybePromise<unknown>
  /**
   * How many broadcasts are kept, for clients that recover missed messages and for those that page back.
   *
   * @default none are kept
   */
  history?: HistoryOptions
  receive?: ReceiveHandlers<Spec, Assigns>
  intercept?: InterceptHandlers<Spec, Assigns>
  /**
   * Called when the channel has ended, with the reason: the client left, the connection closed, the channel crashed.
   */
  terminate?: (reason: TerminateReason, room: Channel<Spec, Assigns>) => MaybePromise<unknown>
}

/** A handler without types. */
export type AnyHandler = (payload: Loose, room: Channel<Loose, Loose>, push: PushInfo) => unknown

/** The handlers of a channel without their types, as the endpoint keeps them. */
export interface AnyChannelHandlers {
  join?: (request: Loose, room: Channel<Loose, Loose>) => unknown
  joined?: (room: Channel<Loose, Loose>) => unknown
  history?: HistoryOptions
  receive?: Record<string, AnyHandler | undefined>
  intercept?: Record<string, AnyHandler | undefined>
  terminate?: (reason: TerminateReason, room: Channel<Loose, Loose>) => unknown
}
