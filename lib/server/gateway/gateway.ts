import type { Loose } from "../../protocol/contract.js"
import type { ClientTable } from "../process/client-table.js"
import type { Expiries } from "../process/expiries.js"
import { GatewayClient, type GatewayHandlers, type GatewayHost } from "./gateway-client.js"
import { GatewayFrame } from "./gateway-frame.js"
import type { ServerLink } from "../api/server-link.js"
import type { TransportServices } from "../process/services.js"
import type { SocketSetup } from "../admission/socket-setup.js"

/** The parts of an endpoint that a gateway uses. @internal */
export interface GatewayServices extends Omit<TransportServices, "runtime"> {
  readonly clients: ClientTable
  readonly expiries: Expiries
}

/**
 * A path of an endpoint for plain websocket clients, which send text, JSON or bytes and do not speak Phoenix. Made by
 * `endpoint.gateway(path, options)`; the matching client is `Connection`.
 */
export class Gateway<Assigns = Loose> {
  readonly #services: GatewayServices
  readonly #host: GatewayHost<Assigns>
  readonly #clients = new Set<GatewayClient<Assigns>>()

  /** @internal */
  constructor(services: GatewayServices, handlers: GatewayHandlers<Assigns>) {
    this.#services = services
    const { clients, expiries, held, telemetry, turns } = services
    const { counters } = telemetry
    this.#host = {
      handlers,
      held,
      turns,
      limitHit: (limit, address) => telemetry.limitHit(limit, undefined, address),
      failed: (error) => telemetry.failed(error, "gateway"),
      received: (bytes) => {
        counters.rookery_frames_received_total++
        counters.rookery_bytes_received_total += bytes
      },
      left: (client) => {
        this.#clients.delete(client)
        expiries.delete(client)
        clients.gatewayClosed(client)
      },
    }
  }

  /** The connected clients. */
  get clients(): ReadonlySet<GatewayClient<Assigns>> {
    return this.#clients
  }

  /**
   * Sends a message to all clients, or to all but one: strings and bytes as they are, any other value as JSON. The
   * message is encoded once.
   *
   * @throws a `SerializerError` if the value cannot be written as JSON
   */
  broadcast(data: unknown, { except }: { except?: GatewayClient<Assigns> | undefined } = {}): void {
    const frame = new GatewayFrame(data)
    const { counters } = this.#services.telemetry
    for (const client of this.#clients) {
      if (client === except) continue
      if (client.share(frame)) counters.rookery_broadcast_deliveries_total++
      else counters.rookery_broadcast_deliveries_dropped_total++
    }
  }

  /** A client has connected. @internal */
  open(link: ServerLink, setup: SocketSetup): GatewayClient<Assigns> {
    const client = new GatewayClient(this.#host, link, setup)
    this.#clients.add(client)
    this.#services.clients.gatewayOpened(client)
    if (setup.expiresAt !== undefined) this.#services.expiries.set(client, setup.expiresAt)
    client.start()
    return client
  }
}
