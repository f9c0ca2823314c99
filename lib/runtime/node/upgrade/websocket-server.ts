import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { ServerLink, SocketEnd } from "../../../server/api/server-link.js"
import type { SocketLimits } from "../../../server/api/socket-limits.js"
import type { TransportServices } from "../../../server/process/services.js"

/** A request to upgrade that was let in. */
export interface AcceptedUpgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What came behind the request in the same packet. */
  readonly head: Buffer
  readonly address: string | undefined
  /** The subprotocol that the answer names. */
  readonly subprotocol: string | undefined
  /** Headers of the answer beside those of the handshake. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether permessage-deflate may be agreed on. */
  readonly compress: boolean
  /** Whether a close of the client is answered with its own code instead of 1000. */
  readonly echoClose: boolean
  readonly limits: SocketLimits
  readonly services: TransportServices
  /** Opens the client's end in the core. */
  open(link: ServerLink): SocketEnd
}

/** Makes websockets of requests to upgrade: answers the handshake, and carries frames from then on. */
export interface WebSocketServerAdapter {
  readonly name: string
  /** @internal */
  upgrade(accepted: AcceptedUpgrade): void
}
