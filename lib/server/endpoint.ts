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
import { resolveLimits } from "./limits/resolve-limits.js"
import type { PresenceState } from "../protocol/presence.js"
import type { Runtime } from "./api/runtime.js"
import type { ContractSchemas } from "../protocol/schema.js"
import { Admission, type AdmissionOptions } from "./admission/admission.js"
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
import type { SocketServices, TransportServices } from "./process/services.js"
import { SocketProcess } from "./process/socket-process.js"

/** Of the time until the deadline, as much to wait for replies; the rest is for clients to end their connections. */
const SHARE_OF_DRAIN = 0.9

/** Hears every broadcast of a topic. */
export type BroadcastListener = (event: string, payload: Loose) => void

/**
 * An endpoint as it is on every runtime. A runtime's own class adds the transports that clients connect by: it asks
 * {@link CoreEndpoint.admit} to let a client in.
 */
export class CoreEndpoint<Topics = AnyTopics, Assigns = Loose, Request = unknown> {
  readonly #options: EndpointOptions<Topics, Assigns, Request>
  readonly #schemas: ContractSchemas
  /** @internal */
  protected readonly services: SocketServices & TransportServices
  /** @internal */
  protected readonly entrances: Entrances = new Entrances()
  /** The path of its sockets. @internal */
  readonly path: string
  readonly #member: ClusterMember
  readonly #started: Promise<void>
  readonly #slots = new ConnectionSlots()
  readonly #rate = new AddressRate()
  readonly #gateways: Gateway[] = []
  #closing: Promise<void> | undefined

  constructor(runtime: Runtime, options: EndpointOptions<Topics, Assigns, Request> = {}) {
    this.#options = options
    this.#schemas = options.topics?.schemas ?? {}
    const { member, services } = assemble(runtime, options, resolveLimits(options.limits))
    this.services = services
    this.#member = member
    this.path = withoutSlash(options.path ?? "/socket")
    this.#mount(this.path, options)
    this.#started = Promise.resolve(member.start())
    this.#started.catch((error: unknown) => services.telemetry.failed(error, "cluster"))
  }

  /** Says what happens on the topics of a pattern, `room:*` or an exact topic. An exact one, else the longest, counts. */
  channel<P extends keyof Topics & string>(
    pattern: P,
    handlers: ChannelHandlers<Topics[P], PatternTopic<P>, Assigns>,
  ): this {
    this.services.routes.add(pattern, handlers as AnyChannelHandlers, this.#schemas[pattern])
    return this
  }

  /** Serves clients at one path more. What its options leave out is as at the endpoint's own path. */
  socket(path: string, options: SocketOptions<Assigns, Request> = {}): this {
    const { limits, ...rest } = this.#options
    this.#mount(path, { ...rest, ...options, limits: { ...limits, ...options.limits } })
    return this
  }

  /**
   * Serves clients that speak no Phoenix at exactly this path, as `/ws`: what they send comes to `onMessage`. What its
   * options leave out is as at the endpoint's own path, but for `connect`: without one of its own it lets everybody in.
   */
  gateway<GatewayAssigns = Loose>(
    path: string,
    options: GatewayOptions<GatewayAssigns, Request> = {},
  ): Gateway<GatewayAssigns> {
    const { limits, origins, host, slowClient, compress } = this.#options
    const shared = { limits: { ...limits, ...options.limits } }
    const own = Object.fromEntries(Object.entries({ origins, host, slowClient, compress }).filter(([, value]) => value))
    const said: GatewayOptions<GatewayAssigns, Request> = { authToken: false, ...own, ...options, ...shared }
    const gateway = new Gateway<GatewayAssigns>(this.services, said)
    this.#gateways.push(gateway)
    const admission = this.#admission({
      options: said,
      gateway: { subprotocols: said.subprotocols },
      open: (link, setup) => gateway.open(link, setup),
    })
    this.entrances.add("websocket", withoutSlash(path), admission)
    return gateway
  }

  /** Resolves once its cluster was reached, and rejects if it could not be; it goes on trying. `listen` waits for it. */
  ready(): Promise<void> {
    return this.#started
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
    return this.services.publisher.publish(new Broadcast(topic, event, payload, { once }))
  }

  /** Sends an event to everybody on a topic who is on this node. It is part of no history. */
  localBroadcast<T extends TopicOf<Topics>, E extends ServerEvent<SpecOf<Topics, T>>>(
    topic: T,
    event: E,
    payload: ServerEventsOf<SpecOf<Topics, T>>[E],
  ): void {
    this.services.pubsub.publishHere(new Broadcast(topic, event, payload))
  }

  /** Hears the broadcasts of a topic, those of other nodes too. Gives the way to stop. */
  subscribe(topic: string, listener: BroadcastListener): () => void {
    const subscriber = {
      deliver: ({ event, payload }: Broadcast): void => {
        try {
          listener(event, payload)
        } catch (error) {
          this.services.telemetry.failed(error, "subscribe", topic)
        }
      },
    }
    const { pubsub } = this.services
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
    return this.services.publisher.publish(new Broadcast(id, "disconnect", {}))
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
    return this.services.presence.list(topic) as PresenceState<Loose>
  }

  /** Everybody who is tracked on a topic now, on every node, whether or not this one has somebody in it. */
  async allPresences(topic: string): Promise<PresenceState<Loose>> {
    const { presence, pubsub } = this.services
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
    return this.services.telemetry.on(event, handler)
  }

  /** What was counted so far. */
  counters(): Counters {
    const { telemetry, pubsub, presence } = this.services
    return {
      ...telemetry.counters,
      rookery_topics: pubsub.topics,
      rookery_presences: presence.size,
    }
  }

  /** Lets a client in, whichever runtime and transport it comes by. @internal */
  async admit(arrival: Arrival): Promise<Admitted | Rejection> {
    const admission = this.entrances.find(arrival.transport, arrival.path)
    return admission?.admit(arrival) ?? new Rejection(`nothing is served at ${arrival.path}`, { status: 404 })
  }

  /**
   * Closes in good order, and has ended by the deadline: nobody new comes in, pending replies go out, then every socket is
   * closed with 1012, in batches.
   */
  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= this.#close(options))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Begins to close the runtime's transports: nobody new comes in. @internal */
  protected stopTransports(): void {}

  /** Waits until no connection is left, and cuts those that are left after some time. @internal */
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
    // Other nodes take over what this one had, and must not wait for a client that is slow to end its connection.
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
