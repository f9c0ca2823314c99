import { LONGEST_MS } from "../../protocol/clock.js"
import type { AnyTopics, Loose } from "../../protocol/contract.js"
import type { Admission } from "../../server/admission/admission.js"
import {
  faultAnswer,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  Rejection,
  upgradeRequired,
  type HttpAnswer,
} from "../../server/admission/rejection.js"
import type { Arrival } from "../../server/api/arrival.js"
import type { Runtime } from "../../server/api/runtime.js"
import type { TransportName } from "../../server/api/socket.js"
import { CoreEndpoint } from "../../server/endpoint.js"
import type { Gateway } from "../../server/gateway/gateway.js"
import { AddressRate } from "../../server/limits/address-rate.js"
import type { LongPoll } from "../longpoll/longpoll.js"
import { LongPolls } from "../longpoll/longpolls.js"
import { connectInProcess, type InProcessClient, type InProcessConnection } from "../memory/in-process.js"
import { FetchExchange, responseOf } from "./fetch-exchange.js"
import { MessageLink } from "../messages/message-link.js"
import type { EndpointOptions, GatewayOptions, SocketOptions } from "./options.js"
import type { PlatformSocket } from "../messages/platform-socket.js"
import { refuseUnfollowed, type Unfollowed } from "./unfollowed.js"

/** A client whose request for a websocket was let in. */
export interface AcceptedUpgrade {
  /** The subprotocol that the answer names. */
  readonly subprotocol: string | undefined
  /** Opens the client's end in the core, once the websocket carries messages. */
  open(socket: PlatformSocket): MessageLink
  /** Gives the client's place back, if the websocket does not open. */
  leave(): void
}

/** The facts about a request that a platform has beside the request itself. */
export interface Visit {
  readonly address: string | undefined
  /** Makes a websocket of the request; without it there are none. Returns `false` for a request that is no handshake. */
  readonly upgrade?: (accepted: AcceptedUpgrade) => Response | undefined | false
  /** Calls back if the client is gone before its answer. */
  onGone?(callback: () => void): void
}

/** Answers a request. */
export type FetchHandler = (request: Request) => Response | Promise<Response>

/** A platform that hands its clients to an endpoint by `fetch`. */
export interface FetchPlatform {
  /** For messages. */
  readonly name: string
  readonly runtime: Runtime
  readonly unfollowed: Unfollowed
}

const notFound: FetchHandler = () => responseOf(NOT_FOUND)

const UPGRADE_REQUIRED = upgradeRequired(["13"])

/** An endpoint whose platform hands it requests as the web has them. */
export class FetchEndpoint<Topics = AnyTopics, Assigns = Loose> extends CoreEndpoint<Topics, Assigns, Request> {
  readonly #platform: FetchPlatform
  readonly #longpolls: LongPolls
  readonly #rate = new AddressRate()
  readonly #links = new Set<MessageLink>()
  #emptied: (() => void) | undefined

  constructor(platform: FetchPlatform, options: EndpointOptions<Topics, Assigns>) {
    refuseUnfollowed(platform.name, platform.unfollowed, options)
    super(platform.runtime, options)
    this.#platform = platform
    this.#longpolls = new LongPolls(this.services, this.entrances)
  }

  override socket(path: string, options: SocketOptions<Assigns> = {}): this {
    refuseUnfollowed(this.#platform.name, this.#platform.unfollowed, options)
    return super.socket(path, options)
  }

  override gateway<GatewayAssigns = Loose>(
    path: string,
    options: GatewayOptions<GatewayAssigns> = {},
  ): Gateway<GatewayAssigns> {
    refuseUnfollowed(this.#platform.name, this.#platform.unfollowed, options)
    return super.gateway(path, options)
  }

  /** Lets a client of this process in, without a port. Throws a `ConnectError` if it is refused. */
  connectInProcess(client: InProcessClient): Promise<InProcessConnection> {
    return connectInProcess(this, client)
  }

  /**
   * Answers a request. Resolves with `undefined` if the platform needs no answer for a websocket.
   *
   * @param otherwise answers requests for all other paths
   * @internal
   */
  protected async serve(
    request: Request,
    visit: Visit,
    otherwise: FetchHandler = notFound,
  ): Promise<Response | undefined> {
    const { pathname, search } = new URL(request.url)
    const longpoll = this.#longpolls.find(pathname)
    const admission = longpoll === undefined ? this.entrances.find("websocket", pathname) : undefined
    if (longpoll === undefined && admission === undefined) return otherwise(request)
    const arrival = (transport: TransportName): Arrival => ({
      transport,
      path: pathname,
      query: search.slice(1),
      address: visit.address,
      request,
      header: (name) => request.headers.get(name) ?? undefined,
    })
    if (longpoll !== undefined) return this.#poll(request, visit, longpoll, arrival("longpoll"))
    return admission && this.#upgrade(request, visit, admission, arrival("websocket"))
  }

  /** Waits until no websocket is left, and cuts those that are left after some time. @internal */
  protected override async closeTransports(ms: number): Promise<void> {
    if (this.#links.size === 0) return
    const { clock } = this.services.runtime
    let timer: unknown
    await Promise.race([
      new Promise<void>((resolve) => (this.#emptied = resolve)),
      new Promise<void>((resolve) => (timer = clock.setTimeout(resolve, Math.min(Math.max(0, ms), LONGEST_MS)))),
    ])
    clock.clearTimeout(timer)
    for (const link of this.#links) link.terminate()
  }

  /**
   * Waits for a turn, if this turn of the event loop has spent its share of time on requests. A few hundred connections
   * that ask again once they are answered would otherwise fill every turn.
   */
  async #turn(): Promise<void> {
    const { turns } = this.services
    if (turns.mustWait()) await turns.next()
  }

  /** Counts a request that is not to upgrade. */
  #isOverRate(address: string | undefined): boolean {
    const { requestsPerSecond, requestBurst } = this.limits
    if (this.#rate.take(address, requestsPerSecond, requestBurst)) return false
    this.services.telemetry.limitHit("requestsPerSecond", undefined, address)
    return true
  }

  async #poll(request: Request, visit: Visit, longpoll: LongPoll, arrival: Arrival): Promise<Response> {
    if (this.#isOverRate(visit.address)) return responseOf(faultAnswer(429))
    const exchange = new FetchExchange(request, arrival, this.services.runtime.clock)
    // The client may disconnect while the request waits for its turn.
    visit.onGone?.(() => exchange.gone())
    await this.#turn()
    if (exchange.isGone) return responseOf(faultAnswer(408))
    void longpoll.handle(exchange)
    return exchange.response
  }

  /** Refuses a request that is no handshake. It counts as a request like any other. */
  async #refuse(admission: Admission, address: string | undefined, answer: HttpAnswer): Promise<Response> {
    if (this.#isOverRate(address)) return responseOf(faultAnswer(429))
    await this.#turn()
    admission.refused("websocket", address, new Rejection("no websocket", answer))
    return responseOf(answer)
  }

  async #upgrade(
    request: Request,
    { address, upgrade }: Visit,
    admission: Admission,
    arrival: Arrival,
  ): Promise<Response | undefined> {
    const fault = faultOf(request)
    if (upgrade === undefined || fault !== undefined) {
      return this.#refuse(admission, address, fault ?? UPGRADE_REQUIRED)
    }
    await this.#turn()
    const admitted = await admission.admit(arrival)
    if (admitted instanceof Rejection) return responseOf(admitted.answer)
    let link: MessageLink | undefined
    const leave = (): void => {
      admitted.leave()
      if (link !== undefined) this.#links.delete(link)
      if (this.#links.size === 0) this.#emptied?.()
    }
    const open = (socket: PlatformSocket): MessageLink => {
      link = new MessageLink(socket, address, { ...admitted, leave }, this.services)
      this.#links.add(link)
      return link
    }
    try {
      const response = upgrade({ subprotocol: admitted.subprotocol, open, leave })
      if (response !== false) return response
    } catch (error) {
      leave()
      throw error
    }
    leave()
    return responseOf(faultAnswer(400))
  }
}

/** The answer to a request that asks for no websocket; `undefined` for one that does. */
function faultOf(request: Request): HttpAnswer | undefined {
  if (request.method !== "GET") return METHOD_NOT_ALLOWED
  return request.headers.get("upgrade")?.toLowerCase() === "websocket" ? undefined : UPGRADE_REQUIRED
}
