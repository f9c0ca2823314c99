import { GOING_AWAY } from "../../protocol/close-codes.js"
import type { AnyGatewayClient } from "../api/any-gateway-client.js"
import { ById } from "../support/by-id.js"
import type { LocalClients } from "../pubsub/cluster-member.js"
import type { ConnectedSocket, ServerSocket } from "../api/socket.js"
import type { Telemetry } from "../telemetry/telemetry.js"

/** A client of a gateway, or a socket. `disconnect` closes it by its id. */
export interface Client {
  readonly id: string | null
  close(code: number): void
}

/** A socket that speaks Phoenix. */
export interface SocketClient extends Client, ServerSocket, ConnectedSocket {
  /** Whether the client still waits for replies. */
  readonly busy: boolean
}

/** All clients that are connected to this node, by the id that `connect` returned. */
export class ClientTable implements LocalClients {
  readonly sockets: Set<SocketClient> = new Set()
  readonly #socketIds = new ById<SocketClient>()
  readonly #gatewayIds = new ById<Client>()
  readonly #telemetry: Telemetry

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
  }

  /** @param durationMs the time since the client's request came */
  opened(socket: SocketClient, durationMs: number): void {
    this.sockets.add(socket)
    this.#socketIds.add(socket)
    const { counters } = this.#telemetry
    counters.rookery_sockets++
    counters.rookery_sockets_connected_total++
    this.#telemetry.emit("socketConnected", { socket, durationMs })
  }

  closed(socket: SocketClient, code: number): void {
    this.sockets.delete(socket)
    this.#socketIds.delete(socket)
    const { counters } = this.#telemetry
    counters.rookery_sockets--
    counters.rookery_sockets_closed_total++
    this.#telemetry.emit("socketClosed", { socket, code })
  }

  gatewayOpened(client: AnyGatewayClient): void {
    this.#gatewayIds.add(client)
    this.#telemetry.counters.rookery_gateway_clients++
    this.#telemetry.emit("gatewayClientConnected", { client })
  }

  gatewayClosed(client: AnyGatewayClient, code: number): void {
    this.#gatewayIds.delete(client)
    this.#telemetry.counters.rookery_gateway_clients--
    this.#telemetry.emit("gatewayClientClosed", { client, code })
  }

  /** Closes every client of an id. */
  disconnect(id: string): void {
    for (const client of [...this.#socketIds.of(id), ...this.#gatewayIds.of(id)]) client.close(GOING_AWAY)
  }

  /** Removes every socket of an id from a topic. */
  kick(topic: string, id: string): void {
    for (const socket of this.#socketIds.of(id)) socket.kick(topic)
  }
}
