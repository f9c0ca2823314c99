import type { Loose } from "../../protocol/contract.js"
import type { GatewayHandlers } from "./gateway-client.js"
import type { SocketOptions } from "../api/options.js"
import type { Subprotocols } from "../admission/subprotocols.js"

/** Options of a gateway: those of a socket, which decide what clients may connect, and the handlers. */
export interface GatewayOptions<Assigns = Loose, Request = unknown>
  extends
    Omit<SocketOptions<Assigns, Request>, "serializers" | "websocket" | "longpoll" | "renew">,
    GatewayHandlers<Assigns> {
  /**
   * The subprotocols that the gateway speaks, for clients that offer some, as `new WebSocket(url, "chat")` does: a
   * list, from which the client's first offer is taken, or a function that picks one of the client's offers. A client
   * without a matching offer is let in without a subprotocol; a browser then closes the connection itself.
   *
   * @default none
   */
  subprotocols?: Subprotocols<Request>
}
