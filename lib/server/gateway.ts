import type { Loose } from "../protocol/contract.js"
import type { EndpointContext } from "./context.js"
import { GatewayClient, type GatewayHost } from "./gateway-client.js"
import { GatewayFrame } from "./gateway-frame.js"
import type { GatewayOptions } from "./gateway-options.js"
import type { ServerLink } from "./link.js"
import type { SocketSetup } from "./socket-setup.js"

/**
 * A plain websocket path of an endpoint, for clients that speak no Phoenix: text, JSON and bytes. Made by
 * `endpoint.gateway(path, options)`; its client half is `Connection`.
 */
export class Gateway<Assigns = Loose> {
  readonly #context: EndpointContext
  readonly #host: GatewayHost<Assigns>
  readonly #clients = new Set<GatewayClient<Assigns>>()

  /** @internal */
  constructor(context: EndpointContext, options: GatewayOptions<Assigns>) {
    this.#context = context
    const { counters } = context
    this.#host = {
      options,
      limitHit: (limit, address) => context.limitHit(limit, undefined, address),
      failed: (error) => context.failed(error, "gateway"),
      received: (bytes) => {
        counters.rookery_frames_received_total++
        counters.rookery_bytes_received_total += bytes
      },
      held: context.held,
      turns: context.turns,
      left: (client) => {
        this.#clients.delete(client)
        context.plainIds.delete(client)
        counters.rookery_gateway_clients--
      },
    }
  }

  /** Everybody who is connected. */
  get clients(): ReadonlySet<GatewayClient<Assigns>> {
    return this.#clients
  }

  /**
   * Sends to all, or to all but one: strings and bytes as they are, anything else as JSON, which is made once.
   *
   * @throws a `SerializerError` for what JSON cannot carry
   */
  broadcast(data: unknown, { except }: { except?: GatewayClient<Assigns> | undefined } = {}): void {
    const frame = new GatewayFrame(data)
    const { counters } = this.#context
    for (const client of this.#clients) {
      if (client === except) continue
      if (client.share(frame)) counters.rookery_broadcast_deliveries_total++
      else counters.rookery_broadcast_deliveries_dropped_total++
    }
  }

  /** A client has come. @internal */
  open(link: ServerLink, setup: SocketSetup): GatewayClient<Assigns> {
    const client = new GatewayClient(this.#host, link, setup)
    this.#clients.add(client)
    this.#context.plainIds.add(client)
    this.#context.counters.rookery_gateway_clients++
    client.start()
    return client
  }
}
