import type { Loose } from "../protocol/contract.js"
import type { GatewayClient } from "./gateway-client.js"
import type { MaybePromise } from "./handlers.js"
import type { SocketOptions } from "./options.js"
import type { Subprotocols } from "./subprotocols.js"

/** Options of a gateway: who may connect is said as for a socket, what happens then by these. */
export interface GatewayOptions<Assigns = Loose> extends Omit<
  SocketOptions<Assigns>,
  "serializers" | "websocket" | "longpoll"
> {
  /**
   * Parses text as JSON; what is no JSON goes to `onError`.
   *
   * @default false
   */
  json?: boolean
  /**
   * The subprotocols that the gateway speaks, for clients that name some, as `new WebSocket(url, "chat")` does: a list,
   * of which the first name that the client offers is agreed on, or a function that returns one of the names offered.
   * A client that names some, and none of these, is let in without one; a browser then fails the connection itself.
   *
   * @default none
   */
  subprotocols?: Subprotocols
  /** A client has come. */
  onOpen?: (client: GatewayClient<Assigns>) => MaybePromise<unknown>
  /**
   * A client has sent something: a string, bytes, or with `json` whatever the text says. One client's messages come one
   * after the other; an async handler is waited for.
   */
  onMessage?: (data: Loose, client: GatewayClient<Assigns>) => MaybePromise<unknown>
  /** A client has gone, or was sent away. */
  onClose?: (client: GatewayClient<Assigns>, code: number) => MaybePromise<unknown>
  /**
   * A handler threw, or a client sent what is no JSON; the client stays.
   *
   * @default it is logged
   */
  onError?: (error: unknown, client: GatewayClient<Assigns>) => void
}
