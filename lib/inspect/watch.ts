import type {
  AnyGatewayClient,
  EndpointEvents,
  PassingGatewayMessage,
  PassingMessage,
  ServerSocket,
} from "rookery/server"
import { backgroundTimer } from "../protocol/background-timer.js"
import { dateOf, type Clock } from "../protocol/clock.js"
import { COMMENT, eventOf, EventStream } from "./event-stream.js"
import type { Filter } from "./filter.js"
import type { Names } from "./names.js"
import { previewOf, previewOfFrame, shownId, shownText } from "./preview.js"
import type { InspectorSource } from "./source.js"
import type { InspectedGatewayMessage, InspectedLimit, InspectedMessage, InspectedStep } from "./wire.js"

/** Proxies close connections that are silent for half a minute or more. */
const COMMENT_MS = 15_000

/** Options of a {@link Watch}. */
export interface WatchOptions {
  readonly endpoint: InspectorSource
  readonly names: Names
  readonly clock: Clock
  /** The bytes that a stream keeps for a reader that is slow. */
  readonly bufferBytes: number
  readonly secrets: RegExp | undefined
}

/** The streams of an inspector. It listens to the endpoint while there is at least one. */
export class Watch {
  readonly #options: WatchOptions
  readonly #streams = new Map<EventStream, Filter>()
  #stops: (() => void)[] = []
  #timer: unknown

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** The number of streams. */
  get size(): number {
    return this.#streams.size
  }

  /** Opens a stream of what happens from now on. */
  open(filter: Filter): EventStream {
    const stream: EventStream = new EventStream(this.#options.bufferBytes, () => this.#closed(stream))
    this.#streams.set(stream, filter)
    if (this.#streams.size === 1) this.#start()
    return stream
  }

  /** Ends every stream. */
  end(): void {
    for (const stream of [...this.#streams.keys()]) stream.end()
  }

  #closed(stream: EventStream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0) return
    for (const stop of this.#stops.splice(0)) stop()
    this.#options.clock.clearTimeout(this.#timer)
  }

  #start(): void {
    const { endpoint } = this.#options
    const step = <E extends keyof EndpointEvents>(
      event: E,
      read: (details: EndpointEvents[E]) => Partial<InspectedStep> & { step: InspectedStep["step"]; of?: ServerSocket },
    ): (() => void) =>
      endpoint.on(event, (details) => {
        const { of, ...told } = read(details)
        const nothing = { client: null, topic: null, path: null, why: null }
        this.#tell("step", { at: this.#now(), ...this.#who(of), ...nothing, ...told } satisfies InspectedStep)
      })
    const atGateway = (client: AnyGatewayClient): Pick<InspectedStep, "client" | "id" | "path"> => ({
      ...this.#whoAtGateway(client),
      path: client.path,
    })
    this.#stops = [
      endpoint.on("message", (message) => this.#message(message)),
      endpoint.on("gatewayMessage", (message) => this.#gatewayMessage(message)),
      endpoint.on("limitHit", ({ limit, socket, address }) => {
        const told = { at: this.#now(), limit, ...this.#who(socket), address: address ?? null }
        this.#tell("limit", told satisfies InspectedLimit)
      }),
      step("socketConnected", ({ socket }) => ({ step: "connected", of: socket, why: socket.transport })),
      step("socketClosed", ({ socket, code }) => ({ step: "closed", of: socket, why: String(code) })),
      step("connectRefused", ({ status, reason }) => ({ step: "refused", why: `${status}: ${shownText(reason)}` })),
      step("channelJoined", ({ socket, topic }) => ({ step: "joined", of: socket, topic: shownText(topic) })),
      step("joinRefused", ({ socket, topic, reason }) => ({
        step: "join refused",
        of: socket,
        topic: shownText(topic),
        why: reason,
      })),
      step("channelEnded", ({ socket, topic, reason }) => ({
        step: "left",
        of: socket,
        topic: shownText(topic),
        why: reason.kind,
      })),
      step("gatewayClientConnected", ({ client }) => ({ step: "connected", ...atGateway(client) })),
      step("gatewayClientClosed", ({ client, code }) => ({ step: "closed", ...atGateway(client), why: String(code) })),
      step("clusterHealth", ({ healthy }) => ({ step: "cluster", why: healthy ? "reachable" : "out of reach" })),
    ]
    this.#comment()
  }

  #comment(): void {
    this.#timer = backgroundTimer(
      this.#options.clock,
      () => {
        for (const stream of this.#streams.keys()) stream.send(COMMENT)
        this.#comment()
      },
      COMMENT_MS,
    )
  }

  #now(): number {
    return dateOf(this.#options.clock)
  }

  #who(socket: ServerSocket | undefined): { socket: string | null; id: string | null } {
    if (socket === undefined) return { socket: null, id: null }
    return { socket: this.#options.names.keyOf(socket), id: shownId(socket.id) }
  }

  #whoAtGateway(client: AnyGatewayClient | undefined): Pick<InspectedStep, "client" | "id"> {
    if (client === undefined) return { client: null, id: null }
    return { client: this.#options.names.keyOf(client), id: shownId(client.id) }
  }

  #tell(event: string, data: object): void {
    const encoded = eventOf(event, data)
    for (const stream of this.#streams.keys()) stream.send(encoded)
  }

  /** Encodes a message once for all streams that want it, and not at all if there is none. */
  #message(message: PassingMessage): void {
    let encoded: Uint8Array | undefined
    for (const [stream, filter] of this.#streams) {
      if (filter(message)) stream.send((encoded ??= eventOf("message", this.#shown(message))))
    }
  }

  /** For the filter of a stream the path of a gateway is its topic, and its messages have no event. */
  #gatewayMessage(message: PassingGatewayMessage): void {
    const passing = { topic: message.path, event: null }
    let encoded: Uint8Array | undefined
    for (const [stream, filter] of this.#streams) {
      if (filter(passing)) stream.send((encoded ??= eventOf("gateway", this.#shownAtGateway(message))))
    }
  }

  #shownAtGateway({ direction, path, client, data, recipients }: PassingGatewayMessage): InspectedGatewayMessage {
    return {
      at: this.#now(),
      direction,
      path,
      ...this.#whoAtGateway(client),
      data: previewOfFrame(data, this.#options.secrets),
      recipients: recipients ?? null,
    }
  }

  #shown({ direction, socket, topic, event, ref, payload, recipients }: PassingMessage): InspectedMessage {
    return {
      at: this.#now(),
      direction,
      ...this.#who(socket),
      topic: shownText(topic),
      event: shownText(event),
      ref: ref === null ? null : shownText(String(ref)),
      payload: previewOf(payload, this.#options.secrets),
      recipients: recipients ?? null,
    }
  }
}
