import { createServer, type RequestListener, type ServerOptions } from "node:http"
import type { AddressInfo, ListenOptions } from "node:net"
import type { Handler } from "mitt"
import type {
  AnyTopics,
  Loose,
  PatternTopic,
  ServerEvent,
  ServerEventsOf,
  SpecOf,
  TopicOf,
} from "../protocol/contract.js"
import { limitsOf } from "./limits.js"
import type { PresenceState } from "../protocol/presence.js"
import type { ContractSchemas } from "../protocol/schema.js"
import { addressOf } from "./address.js"
import type { AnyHttpServer } from "./any-http-server.js"
import { Admission } from "./admission.js"
import type { Admitted, Arrival } from "./arrival.js"
import { assemble } from "./assemble.js"
import { Broadcast } from "./broadcast.js"
import type { BroadcastOptions } from "./channel.js"
import { AddressRate } from "./address-rate.js"
import { ConnectionSlots } from "./connection-slots.js"
import type { ClusterMember } from "./cluster-member.js"
import type { Counters } from "./counters.js"
import { DEADLINE_MS, drain, type CloseOptions } from "./drain.js"
import type { EndpointEvents } from "./events.js"
import type { AnyChannelHandlers, ChannelHandlers } from "./handlers.js"
import type { MaybePromise } from "./adapter.js"
import { Gateway } from "./gateway.js"
import type { GatewayOptions } from "./gateway-options.js"
import { Entrances } from "./entrances.js"
import { answer } from "./http-answers.js"
import { attachTo } from "./http-attachment.js"
import { connectInProcess, type InProcessClient, type InProcessLine } from "./in-process.js"
import type { EndpointOptions, SocketOptions } from "./options.js"
import { faultAnswer, Rejection } from "./rejection.js"
import { Router } from "./router.js"
import type { SocketServices, TransportServices } from "./services.js"
import { SocketProcess } from "./socket-process.js"

/** Of the time until the deadline, as much to wait for replies; the rest is for clients to end their connections. */
const SHARE_OF_DRAIN = 0.9

const withoutSlash = (path: string): string => path.replace(/\/+$/, "")

/** How long requests may take, those behind the first of a connection as well. */
function timeouts(handshakeMs: number, messageMs: number): ServerOptions {
  if (!Number.isFinite(handshakeMs + messageMs)) return {}
  const requestTimeout = handshakeMs + messageMs
  return { headersTimeout: handshakeMs, requestTimeout, connectionsCheckingInterval: Math.min(1000, handshakeMs) }
}

const notFound: RequestListener = (_request, response) => {
  answer(response, { status: 404, headers: { "content-type": "text/plain" }, body: "not found" })
}

/** Hears every broadcast of a topic. */
export type BroadcastListener = (event: string, payload: Loose) => void

/**
 * Phoenix channels on Node: clients of Phoenix, in any language, connect to it as they are.
 *
 * ```ts
 * const endpoint = new Endpoint()
 * endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
 * await endpoint.listen({ port: 4000 })
 * ```
 */
export class Endpoint<Topics = AnyTopics, Assigns = Loose> {
  readonly #options: EndpointOptions<Topics, Assigns>
  readonly #schemas: ContractSchemas
  readonly #services: SocketServices & TransportServices
  readonly #member: ClusterMember
  readonly #started: Promise<void>
  readonly #slots = new ConnectionSlots()
  readonly #rate = new AddressRate()
  readonly #path: string
  readonly #entrances = new Entrances()
  readonly #router: Router
  readonly #admission: Admission
  readonly #gateways: Gateway[] = []
  readonly #attached = new Map<AnyHttpServer, () => void>()
  #own: AnyHttpServer | undefined
  #closing: Promise<void> | undefined

  constructor(options: EndpointOptions<Topics, Assigns> = {}) {
    const { trustProxy = false, path = "/socket" } = options
    this.#options = options
    this.#schemas = options.topics?.schemas ?? {}
    const limits = limitsOf(options.limits)
    const { member, services } = assemble(options, limits)
    this.#services = services
    this.#member = member
    this.#router = new Router(services, this.#entrances, trustProxy, limits)
    this.#path = withoutSlash(path)
    this.#admission = this.#mount(path, options)
    this.#started = Promise.resolve(member.start())
    this.#started.catch((error: unknown) => services.telemetry.failed(error, "cluster"))
  }

  /** Says what happens on the topics of a pattern, `room:*` or an exact topic. An exact one, else the longest, counts. */
  channel<P extends keyof Topics & string>(
    pattern: P,
    handlers: ChannelHandlers<Topics[P], PatternTopic<P>, Assigns>,
  ): this {
    this.#services.routes.add(pattern, handlers as AnyChannelHandlers, this.#schemas[pattern])
    return this
  }

  /** Serves clients at one path more. What its options leave out is as at the endpoint's own path. */
  socket(path: string, options: SocketOptions<Assigns> = {}): this {
    const { limits, ...rest } = this.#options
    this.#mount(path, { ...rest, ...options, limits: { ...limits, ...options.limits } })
    return this
  }

  /**
   * Serves clients that speak no Phoenix at exactly this path, as `/ws`: what they send comes to `onMessage`. What its
   * options leave out is as at the endpoint's own path, but for `connect`: without one of its own it lets everybody in.
   */
  gateway<GatewayAssigns = Loose>(path: string, options: GatewayOptions<GatewayAssigns> = {}): Gateway<GatewayAssigns> {
    const { limits, origins, host, slowClient, compress } = this.#options
    const shared = { limits: { ...limits, ...options.limits } }
    const own = Object.fromEntries(Object.entries({ origins, host, slowClient, compress }).filter(([, value]) => value))
    const said: GatewayOptions<GatewayAssigns> = { authToken: false, ...own, ...options, ...shared }
    const gateway = new Gateway<GatewayAssigns>(this.#services, said)
    this.#gateways.push(gateway)
    const admission = new Admission({
      telemetry: this.#services.telemetry,
      slots: this.#slots,
      rate: this.#rate,
      options: said,
      gateway: { subprotocols: said.subprotocols },
      isClosing: () => this.#closing !== undefined,
      open: (link, setup) => gateway.open(link, setup),
    })
    this.#entrances.add("websocket", withoutSlash(path), admission)
    return gateway
  }

  /** Resolves once its cluster was reached, and rejects if it could not be; it goes on trying. `listen` waits for it. */
  ready(): Promise<void> {
    return this.#started
  }

  /**
   * Listens on a server of its own, and resolves with its address. Without a port it takes a free one.
   *
   * @param listener answers the requests for all other paths; without one they are answered with 404
   */
  async listen(options: ListenOptions = {}, listener: RequestListener = notFound): Promise<AddressInfo> {
    await this.ready()
    const { handshakeMs, messageMs } = this.#admission.limits
    const { connections } = this.#router
    const server = createServer(timeouts(handshakeMs, messageMs), (request, response) => {
      const client = addressOf(request, this.#options.trustProxy ?? false)
      if (connections.serve(request, response, client)) listener(request, response)
      else answer(response, faultAnswer(429))
    })
    this.#own = server
    connections.own(server)
    this.attach(server)
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(options.path === undefined ? { port: 0, ...options } : options, () => {
        server.off("error", reject)
        resolve()
      })
    })
    return server.address() as AddressInfo
  }

  /** Serves its paths on a server of yours, and leaves all other paths to it. Gives the way to let go. */
  attach(server: AnyHttpServer): () => void {
    const known = this.#attached.get(server)
    if (known !== undefined) return known
    const detach = attachTo(server, this.#router)
    const letGo = (): void => {
      detach()
      this.#attached.delete(server)
    }
    this.#attached.set(server, letGo)
    return letGo
  }

  /**
   * Sends an event to everybody on a topic. `disconnect` on the id of a socket ends every socket of that id. A promise,
   * where there is one, rejects if other nodes could not be told.
   */
  broadcast<T extends TopicOf<Topics>, E extends ServerEvent<SpecOf<Topics, T>>>(
    topic: T,
    event: E,
    payload: ServerEventsOf<SpecOf<Topics, T>>[E],
    { once }: BroadcastOptions = {},
  ): MaybePromise<void> {
    return this.#services.publisher.publish(new Broadcast(topic, event, payload, { once }))
  }

  /** Sends an event to everybody on a topic who is on this node. It is part of no history. */
  localBroadcast<T extends TopicOf<Topics>, E extends ServerEvent<SpecOf<Topics, T>>>(
    topic: T,
    event: E,
    payload: ServerEventsOf<SpecOf<Topics, T>>[E],
  ): void {
    this.#services.pubsub.publishHere(new Broadcast(topic, event, payload))
  }

  /** Hears the broadcasts of a topic, those of other nodes too. Gives the way to stop. */
  subscribe(topic: string, listener: BroadcastListener): () => void {
    const subscriber = {
      deliver: ({ event, payload }: Broadcast): void => {
        try {
          listener(event, payload)
        } catch (error) {
          this.#services.telemetry.failed(error, "subscribe", topic)
        }
      },
    }
    const { pubsub } = this.#services
    void pubsub.enter(topic)
    pubsub.subscribe(topic, subscriber)
    let listening = true
    return () => {
      if (!listening) return
      listening = false
      pubsub.unsubscribe(topic, subscriber)
      pubsub.exit(topic)
    }
  }

  /** Ends every socket, and every client of a gateway, of an id, on every node, with 1001. */
  disconnect(id: string): MaybePromise<void> {
    return this.#services.publisher.publish(new Broadcast(id, "disconnect", {}))
  }

  /**
   * Takes the sockets of an id out of a topic, on every node; they are told `phx_close` and stay out until they join
   * again. A join that is under way is refused with `kicked`.
   */
  kick(topic: string, id: string): MaybePromise<void> {
    return this.#member.kick(topic, id)
  }

  /** How many channels are joined to a topic, on all nodes; without a topic, how many sockets there are. */
  count(topic?: string): Promise<number> {
    return this.#member.count(topic)
  }

  /** Whether the other nodes can be reached; without a cluster always. */
  get healthy(): boolean {
    return this.#member.healthy
  }

  /** Everybody who is tracked on a topic, on every node if this one has somebody in it. Not to be changed. */
  presences(topic: string): PresenceState<Loose> {
    return this.#services.presence.list(topic) as PresenceState<Loose>
  }

  /** Everybody who is tracked on a topic now, on every node, whether or not this one has somebody in it. */
  async allPresences(topic: string): Promise<PresenceState<Loose>> {
    const { presence, pubsub } = this.#services
    await pubsub.enter(topic)
    try {
      // A copy has a prototype, which is none of those who are there.
      return Object.assign(Object.create(null), structuredClone(presence.list(topic))) as PresenceState<Loose>
    } finally {
      pubsub.exit(topic)
    }
  }

  /** Listens to what happens; gives the way to stop. */
  on<E extends keyof EndpointEvents>(event: E, handler: Handler<EndpointEvents[E]>): () => void {
    return this.#services.telemetry.on(event, handler)
  }

  /** What was counted so far. */
  counters(): Counters {
    const { telemetry, pubsub, presence } = this.#services
    return {
      ...telemetry.counters,
      rookery_tcp_connections: this.#router.connections.size,
      rookery_topics: pubsub.topics,
      rookery_presences: presence.size,
    }
  }

  /** Lets a client in, whichever runtime and transport it comes by. @internal */
  async admit(arrival: Arrival): Promise<Admitted | Rejection> {
    const admission = this.#entrances.find(arrival.transport, arrival.path)
    return admission?.admit(arrival) ?? new Rejection(`nothing is served at ${arrival.path}`, { status: 404 })
  }

  /** Lets a client of this process in, without a port. Throws a `ConnectError` if it is refused. */
  connectInProcess(client: InProcessClient): Promise<InProcessLine> {
    const path = client.path === undefined ? this.#path : withoutSlash(client.path)
    return connectInProcess(client, path, (arrival) => this.admit(arrival))
  }

  /**
   * Closes in good order, and has ended by the deadline: nobody new comes in, pending replies go out, then every socket is
   * closed with 1012, in batches. A server of the endpoint's own stops listening and loses all of its connections; others
   * lose those that the endpoint serves.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= this.#close(options))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(options: CloseOptions): Promise<void> {
    const { clock, clients } = this.#services
    const { deadlineMs = DEADLINE_MS } = options
    const deadline = clock.now() + deadlineMs
    const stopped = new Promise<void>((resolve) => {
      if (this.#own === undefined) resolve()
      else this.#own.close(() => resolve())
    })
    const drained = [clients.sockets, ...this.#gateways.map((gateway) => gateway.clients)]
    const drainMs = deadlineMs * SHARE_OF_DRAIN
    await Promise.all(drained.map((some) => drain(some, { ...options, deadlineMs: drainMs })))
    this.#own?.closeIdleConnections()
    // Other nodes take over what this one had, and must not wait for a client that is slow to end its connection.
    const left = Promise.resolve(this.#member.close())
    await this.#router.connections.close(deadline - clock.now())
    await stopped
    for (const letGo of [...this.#attached.values()]) letGo()
    await left
  }

  #mount(path: string, options: SocketOptions<Loose>): Admission {
    const { websocket = true, longpoll = true } = options
    const admission = new Admission({
      telemetry: this.#services.telemetry,
      slots: this.#slots,
      rate: this.#rate,
      options,
      isClosing: () => this.#closing !== undefined,
      open: (link, setup) => new SocketProcess(this.#services, link, setup),
    })
    const bare = withoutSlash(path)
    this.#entrances.add("memory", bare, admission)
    if (websocket) this.#entrances.add("websocket", `${bare}/websocket`, admission)
    if (longpoll) this.#entrances.add("longpoll", `${bare}/longpoll`, admission)
    return admission
  }
}
