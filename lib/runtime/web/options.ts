import type { Loose } from "../../protocol/contract.js"
import { RookeryError } from "../../protocol/errors.js"
import type { TrustProxy } from "../../server/support/forwarded-address.js"
import type * as admission from "../../server/admission/subprotocols.js"
import type * as api from "../../server/api/options.js"
import type * as gateway from "../../server/gateway/gateway-options.js"

/** The request that `connect` decides on. */
export interface ConnectRequest extends api.ConnectRequest<Request> {}

/** Lets a client in; `false` or a thrown `Refused` keeps it out. Anything else thrown is an HTTP 500 that says nothing. */
export type Connect<Assigns> = api.Connect<Assigns, Request>

/** Options of one path that clients connect to. */
export interface SocketOptions<Assigns = Loose> extends api.SocketOptions<Assigns, Request> {}

/** Options of a gateway: who may connect is said as for a socket, what happens then by its handlers. */
export interface GatewayOptions<Assigns = Loose> extends gateway.GatewayOptions<Assigns, Request> {}

/**
 * The subprotocols of a gateway: names, of which the first that a client offers is agreed on, or a function that picks
 * one of those offered, or none.
 */
export type Subprotocols = admission.Subprotocols<Request>

/** Options of an endpoint. Those of its socket hold for further sockets too, unless these say otherwise. */
export interface EndpointOptions<Topics = Loose, Assigns = Loose> extends api.EndpointOptions<
  Topics,
  Assigns,
  Request
> {}

/** Options of an endpoint behind a server that tells it the addresses of its connections. */
export interface ServedEndpointOptions<Topics = Loose, Assigns = Loose> extends EndpointOptions<Topics, Assigns> {
  /**
   * Whose forwarded address counts as the client's.
   *
   * @default false
   */
  trustProxy?: TrustProxy
}

/** Where an endpoint listens. */
export interface EndpointListenOptions {
  /**
   * The port; 0 takes a free one.
   *
   * @default 0
   */
  port?: number
  /**
   * The address or the name of the interface.
   *
   * @default "0.0.0.0", every interface
   */
  host?: string
}

/** Where an endpoint's own server can be reached. */
export interface ListenAddress {
  readonly address: string
  readonly port: number
}

/** Reads the options of `listen`, and refuses those of other runtimes. */
export function resolveListen(runtime: string, options: EndpointListenOptions): Required<EndpointListenOptions> {
  const { port = 0, host = "0.0.0.0", ...others } = options
  const [unknown] = Object.keys(others)
  if (unknown === undefined) return { port, host }
  const why = "give `port` and `host`, or hand the requests of a server of your own to `endpoint.fetch`"
  throw new RookeryError("bad_option", `listen: ${unknown} cannot be followed on ${runtime}: ${why}`)
}
