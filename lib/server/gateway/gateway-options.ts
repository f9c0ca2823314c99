import type { Loose } from "../../protocol/contract.js"
import type { GatewayHandlers } from "./gateway-client.js"
import type { SocketOptions } from "../api/options.js"
import type { Subprotocols } from "../admission/subprotocols.js"

/** Options of a gateway: who may connect is said as for a socket, what happens then by its handlers. */
export interface GatewayOptions<Assigns = Loose, Request = unknown>
  extends Omit<SocketOptions<Assigns, Request>, "serializers" | "websocket" | "longpoll">, GatewayHandlers<Assigns> {
  /**
   * The subprotocols that the gateway speaks, for clients that name some, as `new WebSocket(url, "chat")` does: a list,
   * of which the first name that the client offers is agreed on, or a function that returns one of the names offered.
   * A client that names some, and none of these, is let in without one; a browser then fails the connection itself.
   *
   * @default none
   */
  subprotocols?: Subprotocols<Request>
}
