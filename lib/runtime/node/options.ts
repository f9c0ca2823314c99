import type { IncomingMessage } from "node:http"
import type { Loose } from "../../protocol/contract.js"
import type * as api from "../../server/api/options.js"
import type * as gateway from "../../server/gateway/gateway-options.js"
import type * as admission from "../../server/admission/subprotocols.js"
import type { TrustProxy } from "../../server/support/forwarded-address.js"
import type { WebSocketServerAdapter } from "./upgrade/websocket-server.js"

/** The argument of `connect`. */
export interface ConnectRequest extends api.ConnectRequest<IncomingMessage> {}

/**
 * Lets a client in. Return `false` or throw `Refused` to refuse it. Any other error becomes an HTTP 500 that tells the
 * client nothing.
 */
export type Connect<Assigns> = api.Connect<Assigns, IncomingMessage>

/** Options of one path that clients connect to. */
export interface SocketOptions<Assigns = Loose> extends api.SocketOptions<Assigns, IncomingMessage> {}

/** Options of a gateway: those of a socket, which decide what clients may connect, and the handlers. */
export interface GatewayOptions<Assigns = Loose> extends gateway.GatewayOptions<Assigns, IncomingMessage> {}

/**
 * The subprotocols of a gateway: a list of names, from which the client's first offer is taken, or a function that
 * picks one of the client's offers, or none.
 */
export type Subprotocols = admission.Subprotocols<IncomingMessage>

/** Options of an endpoint. Its socket options are also the defaults for further paths, see `socket()`. */
export interface EndpointOptions<Topics = Loose, Assigns = Loose> extends api.EndpointOptions<
  Topics,
  Assigns,
  IncomingMessage
> {
  /**
   * The proxies whose `X-Forwarded-For` is trusted for the client's address.
   *
   * @default false
   */
  trustProxy?: TrustProxy
  /**
   * The websocket implementation: Rookery's own, or `wsServer(WebSocketServer)` for that of the package `ws`.
   *
   * @default Rookery's own
   */
  websocketServer?: WebSocketServerAdapter
}
