import type { IncomingMessage } from "node:http"
import type { Loose } from "../../protocol/contract.js"
import type * as api from "../../server/api/options.js"
import type * as gateway from "../../server/gateway/gateway-options.js"
import type * as admission from "../../server/admission/subprotocols.js"
import type { TrustProxy } from "./http/client-address.js"
import type { WebSocketServerAdapter } from "./upgrade/websocket-server.js"

/** What `connect` is asked with. */
export interface ConnectRequest extends api.ConnectRequest<IncomingMessage> {}

/** Lets a client in; `false` or a thrown `Refused` keeps it out. Anything else thrown is an HTTP 500 that says nothing. */
export type Connect<Assigns> = api.Connect<Assigns, IncomingMessage>

/** Options of one path that clients connect to. */
export interface SocketOptions<Assigns = Loose> extends api.SocketOptions<Assigns, IncomingMessage> {}

/** Options of a gateway: who may connect is said as for a socket, what happens then by its handlers. */
export interface GatewayOptions<Assigns = Loose> extends gateway.GatewayOptions<Assigns, IncomingMessage> {}

/**
 * The subprotocols of a gateway: names, of which the first that a client offers is agreed on, or a function that picks
 * one of those offered, or none.
 */
export type Subprotocols = admission.Subprotocols<IncomingMessage>

/** Options of an endpoint. Those of its socket hold for further sockets too, unless these say otherwise. */
export interface EndpointOptions<Topics = Loose, Assigns = Loose> extends api.EndpointOptions<
  Topics,
  Assigns,
  IncomingMessage
> {
  /**
   * Whose forwarded address counts as the client's.
   *
   * @default false
   */
  trustProxy?: TrustProxy
  /**
   * What makes websockets of requests to upgrade: Rookery's own code, or `wsServer(WebSocketServer)` for that of `ws`.
   *
   * @default Rookery's own
   */
  websocketServer?: WebSocketServerAdapter
}
