import type {
  InspectedCluster,
  InspectedGatewayClient,
  InspectedPresence,
  InspectedSocket,
  InspectedState,
  InspectedTopic,
  InspectedTopicCount,
} from "../wire.js"
import { button, byId, element, setText } from "../../page/dom.js"
import { plural } from "./plural.js"
import { Rows } from "./rows.js"

/** The actions of a person. */
export interface Handlers {
  openTopic(topic: string): void
  closeTopic(): void
  disconnect(socket: InspectedSocket): void
  disconnectGatewayClient(client: InspectedGatewayClient): void
  kick(socket: InspectedSocket, topic: string): void
}

/** The name of a socket, or of a gateway's client. */
export const nameOf = (
  { id, key, address }: InspectedSocket | InspectedGatewayClient,
  kind: "socket" | "client" = "socket",
): string => [id ?? `${kind} ${key}`, address].filter(Boolean).join(" at ")

/** The counts, sockets, clients of gateways and topics of the node, and one topic. */
export class StateView {
  readonly #sockets: Rows<InspectedSocket>
  readonly #gatewayClients: Rows<InspectedGatewayClient>
  readonly #topics: Rows<InspectedTopicCount>
  readonly #topicSockets: Rows<InspectedSocket>
  readonly #presences = new Rows<InspectedPresence>(byId("topic-presences", HTMLElement), ({ key, metas }) =>
    element("li", {}, element("span", {}, key), element("code", {}, JSON.stringify(metas))),
  )
  readonly #counts = new Rows<readonly [string, string]>(byId("counts", HTMLElement), ([name, count]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, count)),
  )
  readonly #topic = byId("topic", HTMLElement)
  #counted: (readonly [string, string])[] = []
  #cluster: readonly (readonly [string, string])[] = []

  constructor(handlers: Handlers) {
    const body = byId("topics", HTMLTableElement).tBodies[0] as HTMLElement
    this.#topics = new Rows(body, ({ topic, clients }) =>
      element(
        "tr",
        {},
        element(
          "td",
          {},
          button({ class: "link topic" }, topic, () => handlers.openTopic(topic)),
        ),
        element("td", { class: "number" }, String(clients)),
      ),
    )
    this.#sockets = new Rows(byId("sockets", HTMLElement), (socket) => {
      const { transport, channels, moreChannels } = socket
      const on = channels.map(({ topic, waiting }) => (waiting > 0 ? `${topic} (${waiting} waiting)` : topic))
      const more = moreChannels > 0 ? ` and ${moreChannels} more` : ""
      const text = element("span", { class: "muted" }, `${transport}; ${on.join(", ")}${more}`)
      const label = `Disconnect ${nameOf(socket)}`
      return element(
        "li",
        {},
        element("span", {}, nameOf(socket)),
        button({ class: "bad", "aria-label": label }, "Disconnect", () => handlers.disconnect(socket)),
        text,
      )
    })
    this.#gatewayClients = new Rows(byId("gateway-clients", HTMLElement), (client) => {
      const since = new Date(client.since)
      const label = `Disconnect ${nameOf(client, "client")}`
      const time = element("time", { datetime: since.toISOString() }, since.toLocaleString())
      return element(
        "li",
        {},
        element("span", {}, nameOf(client, "client")),
        button({ class: "bad", "aria-label": label }, "Disconnect", () => handlers.disconnectGatewayClient(client)),
        element("span", { class: "muted" }, `${client.path}; since `, time),
      )
    })
    this.#topicSockets = new Rows(byId("topic-sockets", HTMLElement), (socket) => {
      const [channel] = socket.channels
      const topic = channel?.topic ?? ""
      const label = `Kick ${nameOf(socket)}`
      return element(
        "li",
        {},
        element("span", {}, nameOf(socket)),
        button({ class: "bad", "aria-label": label }, "Kick", () => handlers.kick(socket, topic)),
      )
    })
    byId("topic-close", HTMLButtonElement).addEventListener("click", () => handlers.closeTopic())
  }

  state(state: InspectedState): void {
    const { counters, sockets, moreSockets, gatewayClients, moreGatewayClients, topics, moreTopics } = state
    setText(byId("node", HTMLElement), state.node)
    const count = (name: string): string => String(counters[`rookery_${name}`] ?? 0)
    this.#counted = [
      ["sockets", count("sockets")],
      ["channels", count("channels")],
      ["topics", count("topics")],
      ["presences", count("presences")],
      ["limits hit", count("limits_hit_total")],
      ["errors", count("errors_total")],
    ]
    if (count("gateway_clients") !== "0") this.#counted.push(["gateway clients", count("gateway_clients")])
    this.#showCounts()
    // Most endpoints have no gateway.
    byId("gateways", HTMLElement).hidden = gatewayClients.length === 0
    this.#gatewayClients.show(gatewayClients.map((client) => [client.key, client]))
    setText(byId("gateways-more", HTMLElement), more(moreGatewayClients, "client", gatewayClients.length))
    this.#sockets.show(sockets.map((socket) => [socket.key, socket]))
    this.#topics.show(topics.map((topic) => [topic.topic, topic]))
    setText(byId("sockets-more", HTMLElement), more(moreSockets, "socket", sockets.length))
    setText(byId("topics-more", HTMLElement), more(moreTopics, "topic", topics.length))
  }

  cluster({ nodes, sockets, healthy }: InspectedCluster): void {
    const known = (count: number | null): string => (count === null ? "?" : String(count))
    this.#cluster = [
      ["nodes", healthy ? known(nodes) : "out of reach"],
      ["sockets of all", known(sockets)],
    ]
    this.#showCounts()
  }

  topic(told: InspectedTopic | undefined): void {
    this.#topic.hidden = told === undefined
    if (told === undefined) return
    setText(byId("topic-heading", HTMLElement), told.topic)
    this.#topicSockets.show(told.sockets.map((socket) => [socket.key, socket]))
    this.#presences.show(told.presences.map((presence) => [presence.key, presence]))
  }

  #showCounts(): void {
    const counts = [...this.#counted, ...this.#cluster]
    this.#counts.show(counts.map((count) => [count[0], count]))
  }
}

const more = (count: number, what: string, shown: number): string => {
  if (count > 0) return `${plural(count, `more ${what}`)}: search to see others`
  return shown === 0 ? `No ${what}s` : ""
}
