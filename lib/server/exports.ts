// The exports of `rookery/server` that are the same on every runtime.
export type { BroadcastListener } from "./endpoint.js"
export type { Connected, Origins, Renew, Renewed, RenewRequest } from "./api/options.js"
export type {
  ChannelHandlers,
  HandlerResponse,
  HandlerResult,
  InterceptHandlers,
  JoinRequest,
  MaybePromise,
  PushInfo,
  ReceiveHandlers,
} from "./api/handlers.js"
export type { BroadcastOptions, Channel, MetaUpdate, StopReason, TerminateReason, TrackOptions } from "./api/channel.js"
export type { ConnectedChannel, ConnectedSocket, ServerSocket, TransportName } from "./api/socket.js"
export { noReply, Refused, reply, StatusReply } from "./api/reply.js"
export type { NoReply, RefusedConnect, ReplyTo } from "./api/reply.js"
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
} from "./api/cluster.js"
export { MemoryCluster, MemoryHub } from "./pubsub/memory-cluster.js"
export type { HistoryOptions, Position } from "../protocol/recovery.js"
export type { AnyGatewayClient } from "./api/any-gateway-client.js"
export type { EndpointEvents, PassingGatewayMessage, PassingMessage } from "./api/events.js"
export type { Counters } from "./api/counters.js"
export type { LogFields, Logger, LogLevel } from "./api/logger.js"
export { jsonLogger, type JsonLoggerOptions } from "./telemetry/json-logger.js"
export type { CloseOptions } from "./support/drain.js"
export { Gateway } from "./gateway/gateway.js"
export { GatewayClient, type GatewayHandlers } from "./gateway/gateway-client.js"
export type { TrustProxy } from "./support/forwarded-address.js"
export type { InvalidIssue, InvalidResponse } from "./process/validation.js"
export { DEFAULT_LIMITS, type LimitName, type Limits } from "../protocol/limits.js"
export type { QueryParams, QueryValue } from "../protocol/query.js"
export { contract } from "../protocol/schema.js"
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
} from "../protocol/schema.js"
export { RookeryError, type ErrorCode } from "../protocol/errors.js"
export { json } from "../serializer/json.js"
export { jsonV1 } from "../serializer/json-v1.js"
export { msgpack, type MsgpackOptions } from "../serializer/msgpack.js"
export type { AssertLight, Codec, Frame, IncomingFrame, Serializer } from "../serializer/serializer.js"
