import type { AnyGatewayClient, ConnectedSocket } from "rookery/server"
import type { Names } from "./names.js"
import { previewOf, shownId, shownText } from "./preview.js"
import type { InspectorSource } from "./source.js"
import type {
  InspectedGatewayClient,
  InspectedSocket,
  InspectedState,
  InspectedTopic,
  InspectedTopicCount,
} from "./wire.js"

/** The channels of one socket that are shown. */
const CHANNELS = 20
/** The sockets and topics that are shown, unless a request asks for fewer or for more. */
const USUAL = 100
const MOST = 500

/** How many sockets and topics a request asks for. */
export function readLimit(query: URLSearchParams): number {
  const asked = Number(query.get("limit") ?? USUAL)
  return Number.isInteger(asked) && asked > 0 ? Math.min(asked, MOST) : USUAL
}

const holds = (text: string | null | undefined, sought: string): boolean =>
  typeof text === "string" && text.toLowerCase().includes(sought)

/** Collects the first sockets, and counts the others. */
class SocketList {
  readonly shown: InspectedSocket[] = []
  more = 0
  readonly #names: Names
  readonly #limit: number

  constructor(names: Names, limit: number) {
    this.#names = names
    this.#limit = limit
  }

  add({ socket }: ConnectedSocket, channels: ReturnType<ConnectedSocket["channels"]>): void {
    if (this.shown.length === this.#limit) return void this.more++
    this.shown.push({
      key: this.#names.keyOf(socket),
      id: shownId(socket.id),
      transport: socket.transport,
      address: socket.address ?? null,
      channels: channels.slice(0, CHANNELS).map(({ topic, ...rest }) => ({ topic: shownText(topic, 1000), ...rest })),
      moreChannels: Math.max(0, channels.length - CHANNELS),
    })
  }
}

function* gatewayClientsOf(endpoint: InspectorSource, names: Names, search: string): Iterable<AnyGatewayClient> {
  const sought = search.toLowerCase()
  for (const client of endpoint.gatewayClients()) {
    const isSought = [client.id, client.address, client.path].some((text) => holds(text, sought))
    if (sought === "" || isSought || names.keyOf(client) === search) yield client
  }
}

const shownClient = (client: AnyGatewayClient, names: Names): InspectedGatewayClient => ({
  key: names.keyOf(client),
  id: shownId(client.id),
  path: client.path,
  address: client.address ?? null,
  since: client.connectedAt,
})

/**
 * The endpoint as it is now.
 *
 * @param search a part of an id, an address, a topic or a gateway's path, or a whole key; empty for all
 */
export function stateOf(endpoint: InspectorSource, names: Names, search: string, limit: number): InspectedState {
  const sought = search.toLowerCase()
  const sockets = new SocketList(names, limit)
  const clients = new Map<string, number>()
  for (const connected of endpoint.sockets()) {
    const { socket } = connected
    const channels = connected.channels()
    let isSought = sought === "" || holds(socket.id, sought) || holds(socket.address, sought)
    isSought ||= names.keyOf(socket) === search
    for (const { topic } of channels) {
      if (!holds(topic, sought)) continue
      isSought = true
      clients.set(topic, (clients.get(topic) ?? 0) + 1)
    }
    if (isSought) sockets.add(connected, channels)
  }
  const gatewayClients = [...gatewayClientsOf(endpoint, names, search)]
  const byCount = Array.from(clients, ([topic, count]): InspectedTopicCount => ({ topic, clients: count }))
  byCount.sort((a, b) => b.clients - a.clients || (a.topic < b.topic ? -1 : 1))
  return {
    node: names.node,
    healthy: endpoint.healthy,
    counters: { ...endpoint.counters() },
    sockets: sockets.shown,
    moreSockets: sockets.more,
    gatewayClients: gatewayClients.slice(0, limit).map((client) => shownClient(client, names)),
    moreGatewayClients: Math.max(0, gatewayClients.length - limit),
    topics: byCount.slice(0, limit).map(({ topic, ...rest }) => ({ topic: shownText(topic, 1000), ...rest })),
    moreTopics: Math.max(0, byCount.length - limit),
  }
}

/** A topic as it is now: its clients on this node, and its presences. */
export function topicOf(
  endpoint: InspectorSource,
  names: Names,
  topic: string,
  limit: number,
  secrets: RegExp | undefined,
): InspectedTopic {
  const sockets = new SocketList(names, limit)
  for (const connected of endpoint.sockets()) {
    const channels = connected.channels().filter((channel) => channel.topic === topic)
    if (channels.length > 0) sockets.add(connected, channels)
  }
  const presences = Object.entries(endpoint.presences(topic))
  return {
    topic: shownText(topic, 1000),
    sockets: sockets.shown,
    moreSockets: sockets.more,
    presences: presences.slice(0, limit).map(([key, presence]) => ({
      key: shownText(key),
      metas: previewOf((presence as { metas?: unknown }).metas, secrets),
    })),
    morePresences: Math.max(0, presences.length - limit),
  }
}
