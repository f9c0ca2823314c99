import type { SocketLimits } from "./socket-limits.js"
import type { TransportName } from "./socket.js"
import type { ServerLink, SocketEnd } from "./server-link.js"

/** A client that asks to be let in, in the same words whichever runtime and transport it comes by. */
export interface Arrival {
  readonly transport: TransportName
  /** The path that the client asked for: `/socket/websocket` over a websocket, `/socket` in process. */
  readonly path: string
  /** The query, without the question mark. */
  readonly query: string
  readonly address: string | undefined
  /** The runtime's own request, which `connect` is given; `undefined` if there is none. */
  readonly request: unknown
  /**
   * A header of the request, as it came: a character for each byte.
   *
   * @param name in lower case
   */
  header(name: string): string | undefined
}

/** A client that was let in, and counts as connected until `leave` is called. */
export interface Admitted {
  /** The subprotocol that a websocket's handshake has to name. */
  readonly subprotocol: string | undefined
  readonly limits: SocketLimits
  /** Opens the client's end in the core, once the transport can carry frames. */
  open(link: ServerLink): SocketEnd
  /** Gives back the client's place. Called once nothing of the connection is left, also if it was never opened. */
  leave(): void
}
