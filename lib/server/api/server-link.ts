import type { LimitName } from "../../protocol/limits.js"
import type { Frame, IncomingFrame } from "../../serializer/serializer.js"
import type { SharedFrame } from "./shared-frame.js"
import type { ServerSocket, TransportName } from "./socket.js"

/** The connection of one client, which a runtime brings. */
export interface ServerLink {
  readonly transport: TransportName
  readonly address: string | undefined
  send(frame: Frame): void
  /** Sends a broadcast; returns `false` if it was left out, because the client reads too slowly. */
  broadcast(shared: SharedFrame): boolean
  /** Closes the connection. Nothing is received after that. */
  close(code: number, reason?: string): void
}

/** The end of a connection in the core. The runtime that brings the connection tells it what happens there. */
export interface SocketEnd {
  /** The client's socket; `undefined` at a gateway. */
  readonly socket: ServerSocket | undefined
  readonly connected: boolean
  /** Handles a frame of the client. A frame that cannot be read closes the connection, as in Phoenix. */
  receive(frame: IncomingFrame): void
  /** Handles a frame, and returns `false` for one that cannot be read: for transports that answer each frame. */
  tryReceive(frame: IncomingFrame): boolean
  /** The connection has ended. */
  closed(code: number): void
  /** The client hit a limit that the transport holds. */
  limitHit(limit: LimitName): void
  /** The transport itself failed: the error is reported, and the connection closed. */
  fail(error: unknown): void
}
