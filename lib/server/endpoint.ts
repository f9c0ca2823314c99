import type { Handler } from "mitt"
import type {
  AnySpec,
  AnyTopics,
  Loose,
  MetaOf,
  PatternTopic,
  ServerEvent,
  ServerEventsOf,
  SpecOf,
  TopicOf,
} from "../protocol/contract.js"
import { RookeryError } from "../protocol/errors.js"
import type { Limits } from "../protocol/limits.js"
import { resolveLimits } from "./limits/resolve-limits.js"
import type { PresenceState } from "../protocol/presence.js"
import type { Runtime } from "./api/runtime.js"
import type { ContractSchemas } from "../protocol/schema.js"
import { Admission, type AdmissionOptions } from "./admission/admission.js"
import type { AnyGatewayClient } from "./api/any-gateway-client.js"
import type { Admitted, Arrival } from "./api/arrival.js"
import { assemble } from "./assemble.js"
import { Broadcast } from "./pubsub/broadcast.js"
import type { BroadcastOptions } from "./api/channel.js"
import { AddressRate } from "./limits/address-rate.js"
import { ConnectionSlots } from "./limits/connection-slots.js"
import type { ClusterMember } from "./pubsub/cluster-member.js"
import type { Counters } from "./api/counters.js"
import { DEADLINE_MS, drain, type CloseOptions } from "./support/drain.js"
import type { EndpointEvents } from "./api/events.js"
import type { AnyChannelHandlers, ChannelHandlers } from "./api/handlers.js"
import type { MaybePromise } from "./api/cluster.js"
import { Gateway } from "./gateway/gateway.js"
import type { GatewayOptions } from "./gateway/gateway-options.js"
import { Entrances, withoutSlash } from "./admission/entrances.js"
import type { EndpointOptions, SocketOptions } from "./api/options.js"
import { Rejection } from "./admission/rejection.js"
import type { ConnectedSocket } from "./api/socket.js"
import type { SocketServices, TransportServices } from "./process/services.js"
import { SocketProcess } from "./process/socket-process.js"

/**
 * The share of the time until the deadline that is spent on pending replies; in the rest, clients close connections.
 */
const SHARE_OF_DRAIN = 0.9

/** Called for every broadcast of a topic. A comparison of the event narrows the type of the payload. */
export type BroadcastListener<Spec = AnySpec> = (
  ...broadcast: { [E in ServerEvent<Spec>]: [event: E, payload: ServerEventsOf<Spec>[E]] }[ServerEvent<Spec>]
) => void

/**
 * The part of an endpoint that is the same on every runtime. A runtime's own class adds the transports that clients
 * connect by, and calls {@link CoreEndpoint.admit} to let a client in.
 */
export class CoreEndpoint<Topics = AnyTopics, Assigns = Loose, Request = unknown> {
  readonly #options: EndpointOptions<Topics, Assigns, Request>
  readonly #schemas: ContractSchemas
  /** @internal */
  protected readonly services: SocketServices & TransportServices
  /** @internal */
  protected readonly entrances: Entrances = new Entrances()
  /** The limits of its own path. @internal */
  protected readonly limits: Limits
  /** The path of its sockets. @internal */
  readonly path: string
  readonly #member: ClusterMember
  readonly #started: Promise<void>
  readonly #slots = new ConnectionSlots()
  readonly #rate = new AddressRate()
  readonly #gateways: Gateway[] = []
  #closing: Promise<void> | undefined
  /** Whether a server of its own listens, or is about to. */
  #listens = false

  constructor(runtime: Runtime, options: EndpointOptions<Topics, Assigns, Request> = {}) {
    this.#options = options
    this.#schemas = options.topics?.schemas ?? {}
    this.limits = resolveLimits(options.limits)
    const { member, services } = assemble(runtime, options, this.limits)
    this.services = services
    this.#member = member
    this.path = withoutSlash(options.path ?? "/socket")
    this.#mount(this.path, options)
    this.#started = Promise.resolve(member.start())
    this.#started.catch((error: unknown) => services.telemetry.failed(error, "cluster"))
  }

  /**
   * Registers the handlers for an exact topic, or for all topics of a pattern such as `room:*`. A topic is served by
   * its exact registration, else by the longest pattern that matches.
   */
  channel<P extends keyof Topics & string>(
    pattern: P,
    handlers: ChannelHandlers<Topics[P], PatternTopic<P>, Assigns>,
  ): this {
    this.services.routes.add(pattern, handlers as AnyChannelHandlers, this.#schemas[pattern])
    return this
  }

  /** Serves clients at a further path. Options that are left out are those of the endpoint's own path. */
  socket(path: string, options: SocketOptions<Assigns, Request> = {}): this {
    const { limits, ...rest } = this.#options
    this.#mount(path, { ...rest, ...options, limits: { ...limits, ...options.limits } })
    return this
  }

  /**
   * Serves plain websocket clients, which do not speak Phoenix, at exactly this path, such as `/ws`. Their messages are
   * passed to `onMessage`. Options that are left out are those of the endpoint's own path, except `connect`: a gateway
   * without a `connect` of its own lets every client in.
   */
  gateway<GatewayAssigns = Loose>(
    path: string,
    options: GatewayOptions<GatewayAssigns, Request> = {},
  ): Gateway<GatewayAssigns> {
    const { limits, origins, host, slowClient, compress } = this.#options
    const shared = { limits: { ...limits, ...options.limits } }
    const own = Object.fromEntries(Object.entries({ origins, host, slowClient, compress }).filter(([, value]) => value))
    const said: GatewayOptions<GatewayAssigns, Request> = { authToken: false, ...own, ...options, ...shared }
    const bare = withoutSlash(path)
    const gateway = new Gateway<GatewayAssigns>(this.services, bare || "/", said)
    this.#gateways.push(gateway)
    const admission = this.#admission({
      options: said,
      gateway: { subprotocols: said.subprotocols },
      open: (link, setup) => gateway.open(link, setup),
    })
    this.entrances.add("websocket", bare, admission)
    return gateway
  }

  /**
   * Resolves once the cluster is reached. Rejects if the cluster cannot be reached; the endpoint goes on trying.
   * `listen` waits for this promise.
   */
  ready(): Promise<void> {
    return this.#started
  }

  /**
   * Sends an event to every client on a topic, on all nodes. The event `disconnect`, with the id of a socket as its
   * topic, closes every socket of that id. If a promise is returned, it rejects when other nodes could not be reached.
   */
  broadcast<T extends TopicOf<Topics>, E extends ServerEvent<SpecOf<Topics, T>>>(
    topic: T,
    event: E,
    payload: ServerEventsOf<SpecOf<Topics, T>>[E],
    { once }: BroadcastOptions = {},
  ): MaybePromise<void> {
    return this.services.publisher.publish(new Broadcast(topic, event, payload, { once }))
  }

  /** Sends an event to every client of this node that is on a topic. The event is not kept in a history. */
  localBroadcast<T extends TopicOf<Topics>, E extends ServerEvent<SpecOf<Topics, T>>>(
    topic: T,
    event: E,
    payload: ServerEventsOf<SpecOf<Topics, T>>[E],
  ): void {
    this.services.pubsub.publishHere(new Broadcast(topic, event, payload))
  }

  /**
   * Listens to the broadcasts of a topic, including those of other nodes.
   *
   * @returns a function that stops listening
   */
  subscribe<T extends TopicOf<Topics>>(topic: T, listener: BroadcastListener<SpecOf<Topics, T>>): () => void {
    const listen = listener as (...broadcast: Loose) => void
    const subscriber = {
      deliver: ({ event, payload }: Broadcast): void => {
        try {
          listen(event, payload)
        } catch (error) {
          this.services.telemetry.failed(error, "subscribe", topic)
        }
      },
    }
    return this.services.pubsub.listen(topic, subscriber)
  }

  /** Closes every socket and every gateway client of an id, on every node, with code 1001. */
  disconnect(id: string): MaybePromise<void> {
    return this.services.publisher.publish(new Broadcast(id, "disconnect", {}))
  }

  /**
   * Removes the sockets of an id from a topic, on every node. Their clients receive `phx_close`, and stay out until
   * they join again. A join that is not answered yet is refused with the reason `kicked`.
   */
  kick(topic: TopicOf<Topics>, id: string): MaybePromise<void> {
    return this.#member.kick(topic, id)
  }

  /** Counts the channels that are joined to a topic, on all nodes. Without a topic, counts the sockets. */
  count(topic?: TopicOf<Topics>): Promise<number> {
    return this.#member.count(topic)
  }

  /** Counts the living nodes of the cluster, including this one. */
  async nodes(): Promise<number> {
    return await this.#member.nodes()
  }

  /** The clients that are connected to this node by a socket. */
  sockets(): Iterable<ConnectedSocket> {
    return this.services.clients.sockets.values()
  }

  /** The clients that are connected to the gateways of this node. */
  *gatewayClients(): Iterable<AnyGatewayClient> {
    for (const { clients } of this.#gateways) yield* clients
  }

  /** Whether the other nodes can be reached. Always `true` without a cluster. */
  get healthy(): boolean {
    return this.#member.healthy
  }

  /**
   * The clients that are tracked on a topic. Those of other nodes are included only if a client of this node is on the
   * topic; see `allPresences`. Do not change the result.
   */
  presences<T extends TopicOf<Topics>>(topic: T): PresenceState<MetaOf<SpecOf<Topics, T>>> {
    return this.services.presence.list(topic) as PresenceState<Loose>
  }

  /**
   * The clients that are tracked on a topic now, on every node, whether or not a client of this node is on the topic.
   */
  async allPresences<T extends TopicOf<Topics>>(topic: T): Promise<PresenceState<MetaOf<SpecOf<Topics, T>>>> {
    const { presence, pubsub } = this.services
    await pubsub.enter(topic)
    try {
      // structuredClone() gives the copy a prototype, whose properties would look like keys of presences.
      return Object.assign(Object.create(null), structuredClone(presence.list(topic))) as PresenceState<Loose>
    } finally {
      pubsub.exit(topic)
    }
  }

  /**
   * Listens to an event of the endpoint.
   *
   * @returns a function that stops listening
   */
  on<E extends keyof EndpointEvents>(event: E, handler: Handler<EndpointEvents[E]>): () => void {
    return this.services.telemetry.on(event, handler)
  }

  /**
   * The pattern that serves a topic, such as `room:*` for `room:1`, as it was given to {@link Endpoint.channel};
   * `undefined` if none does. There are few patterns and any number of topics, so metrics and traces group by patterns.
   */
  patternOf(topic: string): string | undefined {
    return this.services.routes.find(topic)?.pattern
  }

  /** The counts so far. */
  counters(): Counters {
    const { telemetry, pubsub, presence } = this.services
    return {
      ...telemetry.counters,
      rookery_topics: pubsub.topics,
      rookery_presences: presence.size,
    }
  }

  /** Lets a client in, or rejects it, on any runtime and transport. @internal */
  async admit(arrival: Arrival): Promise<Admitted | Rejection> {
    const admission = this.entrances.find(arrival.transport, arrival.path)
    return admission?.admit(arrival) ?? new Rejection(`nothing is served at ${arrival.path}`, { status: 404 })
  }

  /**
   * Shuts down gracefully, by the deadline: rejects new clients, waits for pending replies, then closes every socket
   * with code 1012, in batches.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= this.#close(options))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /**
   * Starts a server of the endpoint's own. Only one, and none once the endpoint closes: it would never be stopped.
   *
   * @param stop stops the server again, if the endpoint was closed while it started
   * @internal
   */
  protected async listenOnce<Address>(listen: () => Promise<Address> | Address, stop: () => void): Promise<Address> {
    if (this.#listens) {
      throw new RookeryError(
        "bad_option",
        "the endpoint listens already; for another port, serve it on your own server",
      )
    }
    this.#listens = true
    try {
      await this.ready()
      this.#expectOpen()
      const address = await listen()
      if (this.#closing !== undefined) stop()
      this.#expectOpen()
      return address
    } catch (error) {
      this.#listens = false
      throw error
    }
  }

  #expectOpen(): void {
    if (this.#closing !== undefined) throw new RookeryError("destroyed", "the endpoint is closed; create another one")
  }

  /** Begins to close the runtime's transports: no new client is let in. @internal */
  protected stopTransports(): void {}

  /** Waits until every connection has ended, and cuts those that are left after this time. @internal */
  protected async closeTransports(_ms: number): Promise<void> {}

  async #close(options: CloseOptions): Promise<void> {
    const { clients, runtime } = this.services
    const { clock } = runtime
    const { deadlineMs = DEADLINE_MS } = options
    const deadline = clock.now() + deadlineMs
    this.stopTransports()
    const drained = [clients.sockets, ...this.#gateways.map((gateway) => gateway.clients)]
    const drainMs = deadlineMs * SHARE_OF_DRAIN
    await Promise.all(drained.map((some) => drain(some, { ...options, deadlineMs: drainMs }, clock)))
    // Leaves the cluster before the last connection has ended: other nodes must not wait for a client that is slow to
    // close its connection.
    const left = Promise.resolve(this.#member.close())
    await this.closeTransports(deadline - clock.now())
    await left
  }

  #admission(own: Pick<AdmissionOptions, "options" | "gateway" | "open">): Admission {
    const { telemetry, runtime } = this.services
    const isClosing = (): boolean => this.#closing !== undefined
    return new Admission({ telemetry, clock: runtime.clock, slots: this.#slots, rate: this.#rate, isClosing, ...own })
  }

  #mount(path: string, options: SocketOptions<Loose, Loose>): void {
    const { websocket = true, longpoll = true } = options
    const admission = this.#admission({
      options,
      open: (link, setup) => new SocketProcess(this.services, link, setup),
    })
    const bare = withoutSlash(path)
    this.entrances.add("memory", bare, admission)
    if (websocket) this.entrances.add("websocket", `${bare}/websocket`, admission)
    if (longpoll) this.entrances.add("longpoll", `${bare}/longpoll`, admission)
  }
}
