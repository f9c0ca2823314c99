import type { LimitName } from "../../protocol/limits.js"
import type { Ref } from "../../protocol/message.js"
import type { Frame } from "../../serializer/serializer.js"
import type { AnyGatewayClient } from "./any-gateway-client.js"
import type { TerminateReason } from "./channel.js"
import type { ServerSocket, TransportName } from "./socket.js"

/** A message that passes an endpoint. Read it at once and change nothing: it is the message itself, not a copy. */
export interface PassingMessage {
  /**
   * `in`: a client has sent it. `out`: it goes to one client, as a reply or a push does. `broadcast`: it went to the
   * subscribers of its topic on this node.
   */
  readonly direction: "in" | "out" | "broadcast"
  /** The client that has sent it or gets it; `undefined` for a broadcast. */
  readonly socket: ServerSocket | undefined
  /** As the client sent it: text, unless the client is hostile. */
  readonly topic: string
  /** As the client sent it, like the topic. */
  readonly event: string
  readonly ref: Ref
  readonly joinRef: Ref
  /** Params of a join, which may hold a token, or the payload. */
  readonly payload: unknown
  /** The number of subscribers that a broadcast went to on this node. */
  readonly recipients: number | undefined
}

/** A message that passes a gateway. Read it at once and change nothing: it is the message itself, not a copy. */
export interface PassingGatewayMessage {
  /** `in`: a client has sent it. `out`: it goes to one client. `broadcast`: the gateway has sent it to its clients. */
  readonly direction: "in" | "out" | "broadcast"
  /** The path of the gateway. */
  readonly path: string
  /** The client that has sent it or gets it; `undefined` for a broadcast. */
  readonly client: AnyGatewayClient | undefined
  /** The text or the bytes of the message, as they are on the wire. */
  readonly data: Frame
  /** The number of clients that a broadcast went to; `undefined` for other messages. */
  readonly recipients: number | undefined
}

/**
 * The events of an endpoint, for logs, metrics and traces. They never contain payloads or tokens, except `message` and
 * `gatewayMessage`, which are for tools that look at an endpoint for a while.
 */
export type EndpointEvents = {
  /** A client has connected, `durationMs` after its request came: the time that `connect` and the checks before it took. */
  socketConnected: { socket: ServerSocket; durationMs: number }
  socketClosed: { socket: ServerSocket; code: number }
  /** A client was refused: by `connect`, for its origin or its version, or by a limit. */
  connectRefused: {
    transport: TransportName
    status: number
    reason: string
    address: string | undefined
    durationMs: number
  }
  /**
   * A join was answered with `ok`. `recovered` says whether a client that came back got all messages that it missed;
   * `undefined` for a client that was not on the topic before, or does not recover.
   */
  channelJoined: { socket: ServerSocket; topic: string; durationMs: number; recovered: boolean | undefined }
  /** A join was refused after `durationMs`. `error` is what the code of the server threw, if the join crashed. */
  joinRefused: {
    socket: ServerSocket
    topic: string
    reason: "refused" | "crashed" | "unmatched" | "limit" | "timeout"
    durationMs: number
    error?: unknown
  }
  channelEnded: { socket: ServerSocket; topic: string; reason: TerminateReason }
  /** A handler has handled a push. `status` is that of the reply; `undefined` without a reply. `ref` is the client's. */
  pushHandled: {
    socket: ServerSocket
    topic: string
    event: string
    ref: Ref
    status: string | undefined
    durationMs: number
  }
  /**
   * A push has crashed its channel: its handler threw, its reply could not be encoded, or no handler takes its event.
   * The event `error` follows.
   */
  pushCrashed: { socket: ServerSocket; topic: string; event: string; ref: Ref; durationMs: number; error: unknown }
  broadcast: { topic: string; event: string; recipients: number }
  /** A message passes. It costs time while it has a listener: each message of each client is told. */
  message: PassingMessage
  /** A client of a gateway has connected. */
  gatewayClientConnected: { client: AnyGatewayClient }
  gatewayClientClosed: { client: AnyGatewayClient; code: number }
  /** A message passes a gateway. It costs time while it has a listener, as `message` does. */
  gatewayMessage: PassingGatewayMessage
  /** The cluster became unreachable, or reachable again. */
  clusterHealth: { healthy: boolean }
  limitHit: { limit: LimitName; socket: ServerSocket | undefined; address: string | undefined }
  /** Code of the server threw, or a client pushed an event that no handler takes, which crashes its channel. `where` names the code that ran. */
  error: { error: unknown; where: string; topic: string | undefined; socket: ServerSocket | undefined }
}
