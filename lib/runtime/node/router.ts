import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { addressOf, peerOf } from "./http/client-address.js"
import { isTrusted, type TrustProxy } from "../../server/support/forwarded-address.js"
import type { TransportServices } from "../../server/process/services.js"
import { ConnectionTable, type ConnectionLimits } from "./http/connection-table.js"
import type { Entrances } from "../../server/admission/entrances.js"
import { answer, answerUpgrade } from "./http/answers.js"
import type { RequestTaker } from "./http/attach.js"
import { NodeExchange } from "./http/node-exchange.js"
import { LongPolls } from "../longpoll/longpolls.js"
import { faultAnswer, type HttpAnswer } from "../../server/admission/rejection.js"
import { targetOf } from "./http/request-target.js"
import { faultOfHandshake, upgrade } from "./upgrade/upgrade.js"
import type { WebSocketServerAdapter } from "./upgrade/websocket-server.js"
import type { Mates } from "./workers/mates.js"

/** Options of a {@link Router}. */
export interface RouterOptions {
  readonly services: TransportServices
  readonly entrances: Entrances
  readonly websockets: WebSocketServerAdapter
  readonly trustProxy: TrustProxy
  readonly limits: ConnectionLimits
  /** The other workers, in one of several. */
  readonly mates: Mates | undefined
}

/** Finds the requests for an endpoint's paths, and passes them to the transport that answers them. */
export class Router implements RequestTaker {
  readonly connections: ConnectionTable
  readonly #services: TransportServices
  readonly #trustProxy: TrustProxy
  readonly #entrances: Entrances
  readonly #websockets: WebSocketServerAdapter
  readonly #longpolls: LongPolls
  readonly #mates: Mates | undefined

  constructor(options: RouterOptions) {
    const { services, entrances, websockets, trustProxy, limits, mates } = options
    this.connections = new ConnectionTable({
      limits,
      clock: services.runtime.clock,
      isProxy: (address) => isTrusted(address, trustProxy),
      onLimit: (limit, address) => services.telemetry.limitHit(limit, undefined, address),
    })
    this.#services = services
    this.#longpolls = new LongPolls(services, entrances, mates?.mark)
    this.#entrances = entrances
    this.#websockets = websockets
    this.#trustProxy = trustProxy
    this.#mates = mates
  }

  faulty(stream: Duplex, late: boolean): void {
    const isNew = this.connections.ending(stream)
    if (late) {
      // The table of connections and Node's HTTP server each have a timer for requests that do not come.
      if (isNew) this.#services.telemetry.limitHit("handshakeMs", undefined, peerOf(stream))
    } else this.#services.telemetry.counters.rookery_requests_malformed_total++
  }

  acceptFailed(error: Error): void {
    this.#services.telemetry.failed(error, "accept")
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { path } = targetOf(request)
    const longpoll = this.#longpolls.find(path)
    if (longpoll === undefined && this.#entrances.find("websocket", path) === undefined) return false
    const address = addressOf(request, this.#trustProxy)
    if (!this.connections.serve(request, response, address)) answer(response, faultAnswer(429))
    else if (longpoll !== undefined) {
      const here = (): void => void longpoll.handle(new NodeExchange(request, response, address))
      const keeper = this.#mates?.keeperOf(request)
      const there = (): void => {
        if (keeper === undefined) here()
        else this.#mates?.pass(keeper, request, response, here)
      }
      void this.inTurn(response, there)
    } else void this.inTurn(response, () => answer(response, faultOfHandshake(request) ?? faultAnswer(400)))
    return true
  }

  /**
   * Answers a request now, or in turns with other work once this turn of the event loop has spent its share of time on
   * requests. A few hundred connections that each ask again once they are answered would otherwise fill every turn, and
   * every frame of a websocket would wait behind all of them.
   */
  async inTurn(response: ServerResponse, act: () => void): Promise<void> {
    const { turns } = this.#services
    if (turns.mustWait()) await turns.next()
    if (!response.closed) act()
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const admission = this.#entrances.find("websocket", targetOf(request).path)
    if (admission === undefined) return false
    // The answer to an earlier request, which is not sent yet, would get between the frames of the websocket.
    if (this.connections.isBusy(socket)) {
      this.#services.telemetry.counters.rookery_requests_malformed_total++
      socket.destroy()
      return true
    }
    const address = addressOf(request, this.#trustProxy)
    if (!this.connections.serveUpgrade(socket, address)) {
      this.#refuse(socket, faultAnswer(429))
      return true
    }
    upgrade(request, socket, head, { services: this.#services, admission, websockets: this.#websockets, address }).then(
      (refusal) => refusal && this.#refuse(socket, refusal),
      (error: unknown) => {
        this.#services.telemetry.failed(error, "upgrade")
        socket.destroy()
      },
    )
    return true
  }

  #refuse(socket: Duplex, refusal: HttpAnswer): void {
    answerUpgrade(socket, refusal)
    this.connections.ending(socket)
  }
}
