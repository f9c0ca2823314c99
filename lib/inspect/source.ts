import type { AnyGatewayClient, ConnectedSocket, Counters, EndpointEvents } from "rookery/server"

/** An endpoint, as an inspector sees it. */
export interface InspectorSource {
  counters(): Counters
  /** Whether the other nodes can be reached. */
  readonly healthy: boolean
  /** The clients that are connected to this node by a socket. */
  sockets(): Iterable<ConnectedSocket>
  /** The clients that are connected to the gateways of this node. */
  gatewayClients(): Iterable<AnyGatewayClient>
  /** The presences of a topic, by key. */
  presences(topic: string): object
  /** Counts the nodes of the cluster. */
  nodes(): Promise<number>
  /** Counts the clients on a topic, or all clients, on all nodes. */
  count(topic?: string): Promise<number>
  /** Closes the sockets of an id, on every node. */
  disconnect(id: string): unknown
  /** Removes the sockets of an id from a topic, on every node. */
  kick(topic: string, id: string): unknown
  on<E extends keyof EndpointEvents>(event: E, handler: (details: EndpointEvents[E]) => void): () => void
}
