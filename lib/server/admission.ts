import type { IncomingMessage } from "node:http"
import type { LimitName } from "../protocol/limits.js"
import { limitsOf } from "./limits.js"
import { decodeQuery, type QueryParams } from "../protocol/query.js"
import { servesVsn, VSN_V1 } from "../protocol/vsn.js"
import { json } from "../serializer/json.js"
import { jsonV1 } from "../serializer/json-v1.js"
import { msgpack } from "../serializer/msgpack.js"
import type { Serializer } from "../serializer/serializer.js"
import type { ConnectionSlots } from "./connection-slots.js"
import type { EndpointContext, SocketLimits } from "./context.js"
import type { TransportName } from "./events.js"
import { faultAnswer, type HttpAnswer } from "./http-answers.js"
import type { SocketOptions } from "./options.js"
import { originCheck } from "./origins.js"
import { isRefused, Refused } from "./reply.js"
import { targetOf } from "./request-target.js"
import type { SocketSetup } from "./socket-process.js"

/** A client at the door. */
export interface Arrival {
  readonly transport: TransportName
  readonly params: QueryParams
  readonly authToken: string | null
  readonly request: IncomingMessage | undefined
  readonly address: string | undefined
}

/** Why a client was not let in. */
export class Rejection {
  constructor(
    readonly reason: string,
    readonly answer: HttpAnswer,
  ) {}
}

const forbidden = (reason: string): Rejection => new Rejection(reason, { status: 403 })

/** The params of a query, or why they cannot be read. */
export function readQuery(query: string): QueryParams | Rejection {
  try {
    return decodeQuery(query)
  } catch {
    return new Rejection("query", faultAnswer(400))
  }
}

/** The params of a request, or why they cannot be read. */
export function readParams(request: IncomingMessage): QueryParams | Rejection {
  return readQuery(targetOf(request).query)
}

/** Who is let in at one path, and what as. */
export class Admission {
  readonly limits: SocketLimits
  readonly authToken: boolean
  readonly anyOrigin: boolean
  readonly #context: EndpointContext
  readonly #slots: ConnectionSlots
  readonly #options: SocketOptions
  readonly #serializers: readonly Serializer[]
  readonly #isClosing: () => boolean
  readonly #plain: boolean
  readonly #originAllowed: (origin: string) => boolean

  /** @param plain whether the path speaks no Phoenix */
  constructor(
    context: EndpointContext,
    slots: ConnectionSlots,
    options: SocketOptions,
    isClosing: () => boolean,
    plain = false,
  ) {
    this.#plain = plain
    this.#context = context
    this.#slots = slots
    this.#options = options
    this.#isClosing = isClosing
    this.#serializers = options.serializers ?? [json(), jsonV1(), msgpack()]
    this.limits = { ...limitsOf(options.limits), slowClient: options.slowClient ?? "close" }
    this.authToken = options.authToken ?? true
    this.anyOrigin = options.origins === "*"
    this.#originAllowed = originCheck(options.origins, options.host)
  }

  /**
   * Whether the page that sends a request may connect. Without an origin it comes from no page, unless the browser says
   * that another site asks and does not tell its name, as for an image.
   */
  pageAllowed({ origin, "sec-fetch-site": site }: IncomingMessage["headers"]): boolean {
    if (origin !== undefined) return this.#originAllowed(origin)
    return this.anyOrigin || site === undefined || site === "same-origin" || site === "none"
  }

  /** Asks `connect`, and counts who comes in. Never throws. */
  async admit(arrival: Arrival): Promise<SocketSetup | Rejection> {
    const outcome = await this.#decide(arrival)
    if (outcome instanceof Rejection) this.refused(arrival.transport, arrival.address, outcome)
    return outcome
  }

  /** Counts and tells a refusal. */
  refused(transport: TransportName, address: string | undefined, { answer, reason }: Rejection): void {
    this.#context.counters.rookery_connects_refused_total++
    this.#context.log("info", `a ${transport} was refused: ${reason}`, { address })
    this.#context.emit("connectRefused", { transport, status: answer.status, reason, address })
  }

  async #decide(arrival: Arrival): Promise<SocketSetup | Rejection> {
    if (this.#isClosing()) return new Rejection("closing", faultAnswer(503))
    const serializer = this.#serializerFor(arrival.params)
    if (serializer === undefined) return forbidden("vsn")
    const { connectsPerSecond, connectBurst } = this.limits
    if (!this.#context.connects.take(arrival.address, connectsPerSecond, connectBurst))
      return this.#full("connectsPerSecond", arrival)
    const slot = this.#slots.take(arrival.address, this.limits)
    if (typeof slot === "string") return this.#full(slot, arrival)
    try {
      const connected = await this.#ask(arrival)
      if (connected === false) {
        slot()
        return forbidden("refused")
      }
      if (this.#isClosing()) {
        slot()
        return new Rejection("closing", faultAnswer(503))
      }
      const { id = null, assigns = {} } = typeof connected === "object" ? connected : {}
      return { id, assigns, serializer, limits: this.limits, released: slot }
    } catch (error) {
      slot()
      if (isRefused(error)) {
        const { status = 403, body = "" } = error.connect
        return new Rejection("refused", { status, body })
      }
      this.#context.failed(error, "connect")
      return new Rejection("crashed", faultAnswer(500))
    }
  }

  /** Which serializer the client speaks; at a path that speaks no Phoenix, that is nothing to ask. */
  #serializerFor({ vsn = VSN_V1 }: QueryParams): Serializer | undefined {
    if (this.#plain) return this.#serializers[0]
    return this.#serializers.find((known) => typeof vsn === "string" && servesVsn(known.vsn, vsn))
  }

  #full(limit: LimitName, { address }: Arrival): Rejection {
    this.#context.limitHit(limit, undefined, address)
    return new Rejection(limit, faultAnswer(limit === "connections" ? 503 : 429))
  }

  async #ask(arrival: Arrival): Promise<Awaited<ReturnType<NonNullable<SocketOptions["connect"]>>>> {
    const { connect } = this.#options
    if (connect === undefined) return true
    const asked = connect(arrival)
    const { connectMs } = this.limits
    if (!(asked instanceof Promise) || connectMs === Infinity) return asked
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#context.limitHit("connectMs", undefined, arrival.address)
        reject(new Refused({ reason: "timeout" }, { status: 503 }))
      }, connectMs)
    })
    try {
      return await Promise.race([asked, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
