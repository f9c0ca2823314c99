import { dateOf } from "../../protocol/clock.js"
import type { Loose } from "../../protocol/contract.js"
import type { Frame } from "../../serializer/serializer.js"
import type { PassingGatewayMessage } from "../api/events.js"
import type { ClientTable } from "../process/client-table.js"
import type { Expiries } from "../process/expiries.js"
import { GatewayClient, type GatewayHandlers, type GatewayHost } from "./gateway-client.js"
import { GatewayFrame } from "./gateway-frame.js"
import type { ServerLink } from "../api/server-link.js"
import type { TransportServices } from "../process/services.js"
import type { SocketSetup } from "../admission/socket-setup.js"

/** The parts of an endpoint that a gateway uses. @internal */
export interface GatewayServices extends TransportServices {
  readonly clients: ClientTable
  readonly expiries: Expiries
}

/**
 * A path of an endpoint for plain websocket clients, which send text, JSON or bytes and do not speak Phoenix. Made by
 * `endpoint.gateway(path, options)`; the matching client is `Connection`.
 */
export class Gateway<Assigns = Loose> {
  /** The path that its clients connect to. */
  readonly path: string
  readonly #services: GatewayServices
  readonly #host: GatewayHost<Assigns>
  readonly #clients = new Set<GatewayClient<Assigns>>()

  /** @internal */
  constructor(services: GatewayServices, path: string, handlers: GatewayHandlers<Assigns>) {
    this.#services = services
    this.path = path
    const { clients, expiries, held, runtime, telemetry, turns } = services
    const { counters } = telemetry
    this.#host = {
      path,
      handlers,
      held,
      turns,
      limitHit: (limit, address) => telemetry.limitHit(limit, undefined, address),
      failed: (error) => telemetry.failed(error, "gateway"),
      date: () => dateOf(runtime.clock),
      received: (client, frame) => {
        counters.rookery_frames_received_total++
        counters.rookery_bytes_received_total += frame.length
        if (telemetry.passingGateways) this.#tell("in", client, frame)
      },
      sent: (client, frame) => {
        if (telemetry.passingGateways) this.#tell("out", client, frame)
      },
      left: (client, code) => {
        this.#clients.delete(client)
        expiries.delete(client)
        clients.gatewayClosed(client, code)
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
    const { counters, passingGateways } = this.#services.telemetry
    let recipients = 0
    for (const client of this.#clients) {
      if (client === except) continue
      if (client.share(frame)) {
        counters.rookery_broadcast_deliveries_total++
        recipients++
      } else counters.rookery_broadcast_deliveries_dropped_total++
    }
    if (passingGateways) this.#tell("broadcast", undefined, frame.frame(), recipients)
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

  #tell(
    direction: PassingGatewayMessage["direction"],
    client: GatewayClient<Assigns> | undefined,
    data: Frame,
    recipients?: number,
  ): void {
    this.#services.telemetry.emit("gatewayMessage", { direction, path: this.path, client, data, recipients })
  }
}
