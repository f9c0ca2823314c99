import type { SocketLimits } from "./socket-limits.js"
import type { TransportName } from "./socket.js"
import type { ServerLink, SocketEnd } from "./server-link.js"

/** A client that asks to be let in, described in the same way by every runtime and transport. */
export interface Arrival {
  readonly transport: TransportName
  /** The requested path: `/socket/websocket` over a websocket, `/socket` in process. */
  readonly path: string
  /** The query, without the question mark. */
  readonly query: string
  readonly address: string | undefined
  /** The runtime's own request object, passed on to `connect`; `undefined` if there is none. */
  readonly request: unknown
  /**
   * Reads a header of the request as it was received: one character for each byte.
   *
   * @param name in lower case
   */
  header(name: string): string | undefined
}

/** A client that was let in, and counts as connected until `leave` is called. */
export interface Admitted {
  /** The subprotocol that the response of a websocket's handshake must name. */
  readonly subprotocol: string | undefined
  readonly limits: SocketLimits
  /** Creates the core's end of the connection. Called once the transport can carry frames. */
  open(link: ServerLink): SocketEnd
  /** Frees the client's slot. Called once the connection has ended, also if it was never opened. */
  leave(): void
}
