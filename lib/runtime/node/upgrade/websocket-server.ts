import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { ServerLink, SocketEnd } from "../../../server/api/server-link.js"
import type { SocketLimits } from "../../../server/api/socket-limits.js"
import type { TransportServices } from "../../../server/process/services.js"

/** A request to upgrade that was let in. */
export interface AcceptedUpgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** The bytes that arrived after the request, in the same packet. */
  readonly head: Buffer
  readonly address: string | undefined
  /** The subprotocol that the response names. */
  readonly subprotocol: string | undefined
  /** Headers of the response in addition to those of the handshake. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether permessage-deflate may be negotiated. */
  readonly compress: boolean
  /** Whether a close frame of the client is answered with the client's code instead of 1000. */
  readonly echoClose: boolean
  readonly limits: SocketLimits
  readonly services: TransportServices
  /** Creates the core's end of the connection. */
  open(link: ServerLink): SocketEnd
}

/** A websocket implementation: answers the handshake, then sends and receives frames. */
export interface WebSocketServerAdapter {
  readonly name: string
  /** @internal */
  upgrade(accepted: AcceptedUpgrade): void
}
