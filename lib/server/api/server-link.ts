import type { LimitName } from "../../protocol/limits.js"
import type { Frame, IncomingFrame } from "../../serializer/serializer.js"
import type { SharedFrame } from "./shared-frame.js"
import type { ServerSocket, TransportName } from "./socket.js"

/** The connection of one client, as its runtime provides it. */
export interface ServerLink {
  readonly transport: TransportName
  readonly address: string | undefined
  send(frame: Frame): void
  /** Sends a broadcast; returns `false` if it was dropped because the client reads too slowly. */
  broadcast(shared: SharedFrame): boolean
  /** Closes the connection. Frames that arrive afterwards are ignored. */
  close(code: number, reason?: string): void
}

/** The core's end of a connection. The runtime calls it when a frame arrives and when the connection ends. */
export interface SocketEnd {
  /** The client's socket; `undefined` at a gateway. */
  readonly socket: ServerSocket | undefined
  readonly connected: boolean
  /** Handles a frame of the client. A frame that cannot be decoded closes the connection, as in Phoenix. */
  receive(frame: IncomingFrame): void
  /** Handles a frame; returns `false` if it cannot be decoded. For transports that answer each frame. */
  tryReceive(frame: IncomingFrame): boolean
  /** The connection has ended. */
  closed(code: number): void
  /** The client hit a limit that the transport checks. */
  limitHit(limit: LimitName): void
  /** The transport itself failed: reports the error and closes the connection. */
  fail(error: unknown): void
}
