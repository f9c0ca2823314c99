export { Channel } from "./client/channel.js"
export type {
  ChannelOptions,
  ChannelState,
  Handler,
  HistoryMessage,
  HistoryRequest,
  HistoryResponse,
  JoinOptions,
  ListenOptions,
  MessagesOptions,
  PushArguments,
  Recovery,
} from "./client/channel-options.js"
export type { ChannelHost } from "./client/channel-host.js"
export type { WhenFull } from "./client/bounded-buffer.js"
export { Connection } from "./client/connection.js"
export type { ConnectionEvents, ConnectionOptions } from "./client/connection-options.js"
export { Presence, type PresenceOptions } from "./client/presence.js"
export type { Provider } from "./client/provider.js"
export type { PushOptions } from "./client/push-options.js"
export { resultOf, type PushResult } from "./client/push-result.js"
export { Push, type ResponseOf } from "./client/push.js"
export type { LostReason, ReconnectPolicy, Status, StatusChange } from "./client/connection-status.js"
export { Serializer } from "./client/serializer-class.js"
export type {
  Callback,
  Logger,
  OpenedOptions,
  ParamsArgument,
  SocketOptions,
  TransportOption,
} from "./client/socket-options.js"
export { Socket } from "./client/socket.js"
export type { Handlers, Subscription } from "./client/subscriptions.js"
export type { Bytes } from "./protocol/bytes.js"
export type { Clock } from "./protocol/clock.js"
export type { BinaryType } from "./protocol/frame.js"
export type * from "./protocol/contract.js"
export {
  BufferFullError,
  ChannelClosedError,
  ConnectError,
  DisconnectedError,
  isRefused,
  isRookeryError,
  PushError,
  RookeryError,
  SerializerError,
  TimeoutError,
  type ErrorCode,
  type SerializerErrorCode,
} from "./protocol/errors.js"
export type { Message, Ref, Reply } from "./protocol/message.js"
export type { Position } from "./protocol/recovery.js"
export type {
  OnPresenceJoin,
  OnPresenceLeave,
  PresenceDiff,
  PresenceEntry,
  PresenceRefs,
  PresenceState,
} from "./protocol/presence.js"
export { json } from "./serializer/json.js"
export { jsonV1 } from "./serializer/json-v1.js"
export type {
  AssertLight,
  ClientSerializer,
  Codec,
  Frame,
  IncomingFrame,
  Serializer as MessageSerializer,
} from "./serializer/serializer.js"
export { withFallback, type FallbackOptions, type FallbackStorage } from "./transport/fallback.js"
export { LongPoll } from "./transport/longpoll-class.js"
export { longPoll, type LongPollOptions } from "./transport/longpoll.js"
export type { CloseInfo, Link, LinkEvents, LinkOptions, LinkTraits, Transport } from "./transport/transport.js"
export { webSocket, type WebSocketOptions } from "./transport/websocket.js"
export type { WebSocketClass, WebSocketLike } from "./transport/websocket-like.js"
export { webSocketClass, type TransportClass } from "./transport/websocket-class.js"
