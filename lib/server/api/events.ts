import type { LimitName } from "../../protocol/limits.js"
import type { TerminateReason } from "./channel.js"
import type { ServerSocket, TransportName } from "./socket.js"

/** What happens at an endpoint, for logs, metrics and traces. Payloads and tokens are never part of it. */
export type EndpointEvents = {
  socketConnected: { socket: ServerSocket }
  socketClosed: { socket: ServerSocket; code: number }
  /** A client was not let in: by `connect`, its origin, its version, or a limit. */
  connectRefused: { transport: TransportName; status: number; reason: string; address: string | undefined }
  channelJoined: { socket: ServerSocket; topic: string; durationMs: number }
  joinRefused: {
    socket: ServerSocket
    topic: string
    reason: "refused" | "crashed" | "unmatched" | "limit" | "timeout"
  }
  channelEnded: { socket: ServerSocket; topic: string; reason: TerminateReason }
  /** A handler is through with a push; `status` is the reply's, or undefined if it gave none. */
  pushHandled: {
    socket: ServerSocket
    topic: string
    event: string
    status: string | undefined
    durationMs: number
  }
  broadcast: { topic: string; event: string; recipients: number }
  /** The cluster went out of reach, or came back. */
  clusterHealth: { healthy: boolean }
  limitHit: { limit: LimitName; socket: ServerSocket | undefined; address: string | undefined }
  /** Something threw that is not a client's doing; `where` says what ran. */
  error: { error: unknown; where: string; topic: string | undefined; socket: ServerSocket | undefined }
}
