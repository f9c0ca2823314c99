import type { Clock } from "../../protocol/clock.js"
import type { Loose } from "../../protocol/contract.js"
import { AUTH_TOKEN_HEADER, authTokenOf } from "../../protocol/auth-token.js"
import type { LimitName } from "../../protocol/limits.js"
import { decodeQuery, type QueryParams } from "../../protocol/query.js"
import { servesVsn, VSN_V1 } from "../../protocol/vsn.js"
import { json } from "../../serializer/json.js"
import { jsonV1 } from "../../serializer/json-v1.js"
import { msgpack } from "../../serializer/msgpack.js"
import type { Serializer } from "../../serializer/serializer.js"
import type { Admitted, Arrival } from "../api/arrival.js"
import type { ConnectionSlots } from "../limits/connection-slots.js"
import type { AddressRate } from "../limits/address-rate.js"
import type { TransportName } from "../api/socket.js"
import { resolveLimits } from "../limits/resolve-limits.js"
import type { MaybePromise } from "../api/handlers.js"
import type { ServerLink, SocketEnd } from "../api/server-link.js"
import type { ConnectRequest, SocketOptions } from "../api/options.js"
import { originCheck } from "./origins.js"
import { isExpired, readExpiry } from "./expiry.js"
import { faultAnswer, Rejection, type HttpAnswer } from "./rejection.js"
import { isRefused, Refused } from "../api/reply.js"
import type { SocketLimits } from "../api/socket-limits.js"
import { isPromise } from "../support/call-user-code.js"
import { renewal, type RenewCredentials } from "./renewal.js"
import type { SocketSetup } from "./socket-setup.js"
import type { Telemetry } from "../telemetry/telemetry.js"
import { agree, agreeAsPhoenix, type Agreed, type Subprotocols } from "./subprotocols.js"

/** Options of an {@link Admission}. */
export interface AdmissionOptions {
  readonly telemetry: Telemetry
  readonly rate: AddressRate
  readonly clock: Clock
  readonly slots: ConnectionSlots
  readonly options: SocketOptions<Loose, Loose>
  /** Set for a gateway, which does not speak Phoenix and has its own subprotocols. */
  readonly gateway?: { readonly subprotocols: Subprotocols<Loose> | undefined }
  isClosing(): boolean
  /** Creates the core's end of a connection. */
  open(link: ServerLink, setup: SocketSetup): SocketEnd
}

/** For each refusal reason, the option that would admit the client. */
const HINTS: Readonly<Record<string, string>> = {
  origin: "name the origin of its page in the option `origins`",
  vsn: "none of the option `serializers` speaks the version that it asks for",
  expired:
    "`connect` returned an `expiresAt` that is over; look at the token's `exp`, which is in seconds, and at the clock",
  refused: "`connect` returned false or threw a Refused; look at the params and the auth token that it is given",
  "auth token": "its auth token is not base64url; with `authToken: false` tokens are not read",
  subprotocol: "it offers subprotocols without `phoenix`; `authToken: false` ignores them",
}

const forbidden = (reason: string): Rejection => new Rejection(reason, { status: 403 })

/** The params of a query, or a rejection if they cannot be decoded. */
export function readQuery(query: string): QueryParams | Rejection {
  try {
    return decodeQuery(query)
  } catch {
    return new Rejection("query", faultAnswer(400))
  }
}

/** The bytes of a header, which has one character for each byte. */
const bytesOf = (header: string): Uint8Array => Uint8Array.from(header, (character) => character.charCodeAt(0))

/** Lets clients in at one path, or refuses them. */
export class Admission {
  readonly limits: SocketLimits
  readonly anyOrigin: boolean
  /** Whether websockets may agree on permessage-deflate. */
  readonly compress: boolean
  /** Whether clients at this path do not speak Phoenix. */
  readonly isGateway: boolean
  readonly #telemetry: Telemetry
  readonly #made: AdmissionOptions
  readonly #options: SocketOptions<Loose, Loose>
  readonly #serializers: readonly Serializer[]
  readonly #authToken: boolean
  readonly #originAllowed: (origin: string) => boolean
  readonly #renew: RenewCredentials | undefined

  constructor(made: AdmissionOptions) {
    const { telemetry, options, gateway } = made
    this.#made = made
    this.#telemetry = telemetry
    this.#options = options
    this.#serializers = options.serializers ?? [json(), jsonV1(), msgpack()]
    this.#authToken = options.authToken ?? true
    this.#originAllowed = originCheck(options.origins, options.host)
    this.limits = { ...resolveLimits(options.limits), slowClient: options.slowClient ?? "close" }
    const { renew } = options
    this.#renew = renew && renewal(renew, made.clock, (asked, address) => this.#inTime(asked, address))
    this.anyOrigin = options.origins === "*"
    this.compress = options.compress ?? false
    this.isGateway = gateway !== undefined
  }

  /**
   * Whether the page that sends a request may connect. A request without an `Origin` header comes from no page, with
   * one exception: browsers leave the header out of some requests, such as those for images, and then `Sec-Fetch-Site`
   * shows that another site sends the request.
   */
  pageAllowed(arrival: Pick<Arrival, "header">): boolean {
    const origin = arrival.header("origin")
    if (origin !== undefined) return this.#originAllowed(origin)
    const site = arrival.header("sec-fetch-site")
    return this.anyOrigin || site === undefined || site === "same-origin" || site === "none"
  }

  /**
   * Checks a client, calls `connect`, and counts the client if it is let in.
   *
   * @param isPageAllowed the result of `pageAllowed`, if the transport has called it already
   */
  async admit(arrival: Arrival, isPageAllowed?: boolean): Promise<Admitted | Rejection> {
    const { clock } = this.#made
    const startedAt = clock.now()
    const outcome = await this.#decide(arrival, startedAt, isPageAllowed)
    if (outcome instanceof Rejection) {
      this.refused(arrival.transport, arrival.address, outcome, clock.now() - startedAt)
    }
    return outcome
  }

  /**
   * Counts and reports a refusal.
   *
   * @param durationMs the time since the client's request arrived
   */
  refused(
    transport: TransportName,
    address: string | undefined,
    { answer, reason }: Rejection,
    durationMs: number = 0,
  ): void {
    this.#telemetry.counters.rookery_connects_refused_total++
    const message = `a ${transport} was refused: ${reason}`
    const hint = HINTS[reason]
    // Strangers cause refusals at will, so only the first for each reason is worth a warning.
    const isExplained = hint !== undefined && this.#telemetry.explain(message, `${message}; ${hint}`, { address })
    if (!isExplained) this.#telemetry.log("info", message, { address })
    this.#telemetry.emit("connectRefused", { transport, status: answer.status, reason, address, durationMs })
  }

  /**
   * Refuses an upgrade request that is not a valid handshake. It counts as an attempt to connect, like a valid one.
   *
   * @returns the answer for the client; a rate-limit answer if its address is over its rate
   */
  refuseHandshake(address: string | undefined, answer: HttpAnswer): HttpAnswer {
    const rejection = this.#overRate(address) ?? new Rejection("no websocket", answer)
    this.refused("websocket", address, rejection)
    return rejection.answer
  }

  /** Counts an attempt to connect; returns the refusal if its address is over its rate. */
  #overRate(address: string | undefined): Rejection | undefined {
    const { connectsPerSecond, connectBurst } = this.limits
    const isAllowed = this.#made.rate.take(address, connectsPerSecond, connectBurst)
    return isAllowed ? undefined : this.#full("connectsPerSecond", address)
  }

  async #decide(arrival: Arrival, startedAt: number, isPageAllowed?: boolean): Promise<Admitted | Rejection> {
    const { address, transport } = arrival
    // First, because refused attempts cost as much as admitted ones.
    const over = this.#overRate(address)
    if (over !== undefined) return over
    const params = readQuery(arrival.query)
    if (params instanceof Rejection) return params
    if (!(isPageAllowed ?? this.pageAllowed(arrival))) return forbidden("origin")
    const agreed = this.#agree(arrival)
    if (agreed instanceof Rejection) return agreed
    if (this.#made.isClosing()) return new Rejection("closing", faultAnswer(503))
    const serializer = this.#serializerFor(params)
    if (serializer === undefined) return forbidden("vsn")
    const slot = this.#made.slots.take(address, this.limits)
    if (typeof slot === "string") return this.#full(slot, address)
    const { authToken, subprotocol } = agreed
    const connected = await this.#connect({ params, authToken, transport, request: arrival.request, address })
    if (connected instanceof Rejection) {
      slot()
      return connected
    }
    const setup = { ...connected, startedAt, serializer, limits: this.limits, renew: this.#renew, subprotocol }
    return { subprotocol, limits: this.limits, open: (link) => this.#made.open(link, setup), leave: slot }
  }

  /** Reads the auth token and, for a websocket, agrees on the subprotocol. */
  #agree(arrival: Arrival): Agreed | Rejection {
    if (arrival.transport !== "websocket") {
      const header = arrival.header(AUTH_TOKEN_HEADER.toLowerCase())
      const authToken = this.#authToken && header !== undefined ? authTokenOf(bytesOf(header)) : null
      return { authToken, subprotocol: undefined }
    }
    const offered = arrival.header("sec-websocket-protocol")
    const { gateway } = this.#made
    if (gateway === undefined) return agreeAsPhoenix(offered, this.#authToken)
    let agreed: Agreed | Rejection
    try {
      agreed = agree(offered, this.#authToken, gateway.subprotocols, arrival.request)
    } catch (error) {
      this.#telemetry.failed(error, "subprotocols")
      return new Rejection("crashed", faultAnswer(500))
    }
    if (!(agreed instanceof Rejection) && agreed.subprotocol === undefined && offered !== undefined) {
      const message = "a client asks for subprotocols that the gateway's option `subprotocols` does not name"
      this.#telemetry.log("info", message, { address: arrival.address })
    }
    return agreed
  }

  /** Calls the user's `connect`, and turns its result or its error into an id and assigns, or into a rejection. */
  async #connect(request: ConnectRequest): Promise<Pick<SocketSetup, "id" | "assigns" | "expiresAt"> | Rejection> {
    try {
      const connected = await this.#ask(request)
      if (connected === false) return forbidden("refused")
      if (this.#made.isClosing()) return new Rejection("closing", faultAnswer(503))
      const { id = null, assigns = {} } = typeof connected === "object" ? connected : {}
      const expiresAt = readExpiry(connected)
      return isExpired(expiresAt, this.#made.clock) ? forbidden("expired") : { id, assigns, expiresAt }
    } catch (error) {
      if (isRefused(error)) {
        const { status = 403, body = "" } = error.connect
        return new Rejection("refused", { status, body })
      }
      this.#telemetry.failed(error, "connect")
      return new Rejection("crashed", faultAnswer(500))
    }
  }

  /** The serializer for the requested version. A gateway never uses its serializer, so it gets the first one. */
  #serializerFor({ vsn = VSN_V1 }: QueryParams): Serializer | undefined {
    if (this.isGateway) return this.#serializers[0]
    return this.#serializers.find((known) => typeof vsn === "string" && servesVsn(known.vsn, vsn))
  }

  #full(limit: LimitName, address: string | undefined): Rejection {
    this.#telemetry.limitHit(limit, undefined, address)
    return new Rejection(limit, faultAnswer(limit === "connections" ? 503 : 429))
  }

  #ask(request: ConnectRequest): ReturnType<NonNullable<SocketOptions["connect"]>> {
    const { connect } = this.#options
    return connect === undefined ? true : this.#inTime(connect(request), request.address)
  }

  /** Awaits user code; rejects if it takes longer than `connectMs`. */
  async #inTime<T>(asked: MaybePromise<T>, address: string | undefined): Promise<T> {
    const { connectMs } = this.limits
    if (!isPromise(asked) || connectMs === Infinity) return asked
    const { clock } = this.#made
    let timer: unknown
    const late = new Promise<never>((_, reject) => {
      timer = clock.setTimeout(() => {
        this.#telemetry.limitHit("connectMs", undefined, address)
        reject(new Refused({ reason: "timeout" }, { status: 503 }))
      }, connectMs)
    })
    try {
      return await Promise.race([asked, late])
    } finally {
      clock.clearTimeout(timer)
    }
  }
}
