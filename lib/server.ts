export { Endpoint, type Serve } from "./runtime/node/endpoint.js"
export type { BroadcastListener } from "./server/endpoint.js"
export type { Connected, Origins, Renew, Renewed, RenewRequest } from "./server/api/options.js"
export type {
  Connect,
  ConnectRequest,
  EndpointOptions,
  GatewayOptions,
  SocketOptions,
  Subprotocols,
} from "./runtime/node/options.js"
export type {
  ChannelHandlers,
  HandlerResult,
  InterceptHandlers,
  JoinRequest,
  MaybePromise,
  PushInfo,
  ReceiveHandlers,
} from "./server/api/handlers.js"
export type {
  BroadcastOptions,
  Channel,
  MetaUpdate,
  StopReason,
  TerminateReason,
  TrackOptions,
} from "./server/api/channel.js"
export type { ServerSocket, TransportName } from "./server/api/socket.js"
export { noReply, Refused, reply, StatusReply } from "./server/api/reply.js"
export type { NoReply, RefusedConnect, ReplyTo } from "./server/api/reply.js"
export type {
  Claim,
  Cluster,
  ClusterBody,
  ClusterMessage,
  ClusterNode,
  HistorySlice,
  NumberedMessage,
  PresenceChange,
  PresenceRecord,
} from "./server/api/cluster.js"
export type { WebSocketServerAdapter } from "./runtime/node/upgrade/websocket-server.js"
export { wsServer } from "./runtime/ws/ws-server.js"
export type { WsServer, WsServerClass, WsServerOptions, WsSocket } from "./runtime/ws/ws-types.js"
export { MemoryCluster, MemoryHub } from "./server/pubsub/memory-cluster.js"
export type { HistoryOptions, Position } from "./protocol/recovery.js"
export type { EndpointEvents } from "./server/api/events.js"
export type { Counters } from "./server/api/counters.js"
export { consoleLogger } from "./runtime/node/platform/console-logger.js"
export type { LogFields, Logger, LogLevel } from "./server/api/logger.js"
export type { CloseOptions } from "./server/support/drain.js"
export { Gateway } from "./server/gateway/gateway.js"
export { GatewayClient, type GatewayHandlers } from "./server/gateway/gateway-client.js"
export type { InProcessClient, InProcessLine } from "./runtime/memory/in-process.js"
export type { AnyHttpServer } from "./runtime/node/http/any-http-server.js"
export { addressOf, type TrustProxy } from "./runtime/node/http/client-address.js"
export type { InvalidIssue, InvalidResponse } from "./server/process/validation.js"
export { DEFAULT_LIMITS, type LimitName, type Limits } from "./protocol/limits.js"
export type { QueryParams, QueryValue } from "./protocol/query.js"
export { contract } from "./protocol/schema.js"
export type {
  ClientTopics,
  ContractSchemas,
  Schema,
  SchemaIssue,
  SchemaResult,
  SendSchemas,
  ServerTopics,
  TopicContract,
  TopicSchemas,
} from "./protocol/schema.js"
export { RookeryError, type ErrorCode } from "./protocol/errors.js"
export { json } from "./serializer/json.js"
export { jsonV1 } from "./serializer/json-v1.js"
export { msgpack, type MsgpackOptions } from "./serializer/msgpack.js"
export type { AssertLight, Codec, Frame, IncomingFrame, Serializer } from "./serializer/serializer.js"
