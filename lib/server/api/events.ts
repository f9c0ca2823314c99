import type { LimitName } from "../../protocol/limits.js"
import type { TerminateReason } from "./channel.js"
import type { ServerSocket, TransportName } from "./socket.js"

/** The events of an endpoint, for logs, metrics and traces. They never contain payloads or tokens. */
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
  /** A handler has handled a push. `status` is that of the reply; `undefined` without a reply. */
  pushHandled: {
    socket: ServerSocket
    topic: string
    event: string
    status: string | undefined
    durationMs: number
  }
  /**
   * A push has crashed its channel: its handler threw, its reply could not be encoded, or no handler takes its event.
   * The event `error` follows.
   */
  pushCrashed: { socket: ServerSocket; topic: string; event: string; durationMs: number; error: unknown }
  broadcast: { topic: string; event: string; recipients: number }
  /** The cluster became unreachable, or reachable again. */
  clusterHealth: { healthy: boolean }
  limitHit: { limit: LimitName; socket: ServerSocket | undefined; address: string | undefined }
  /** Code of the server threw, or a client pushed an event that no handler takes, which crashes its channel. `where` names the code that ran. */
  error: { error: unknown; where: string; topic: string | undefined; socket: ServerSocket | undefined }
}
