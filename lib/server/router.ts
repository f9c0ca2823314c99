import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { addressOf, isTrusted, peerOf, type TrustProxy } from "./address.js"
import type { Admission } from "./admission.js"
import type { EndpointContext } from "./context.js"
import { ConnectionTable, type ConnectionLimits } from "./connection-table.js"
import type { Entrances } from "./entrances.js"
import { answer, answerUpgrade } from "./http-answers.js"
import type { RequestTaker } from "./http-attachment.js"
import { LongPoll } from "./longpoll.js"
import { faultAnswer, type HttpAnswer } from "./rejection.js"
import { targetOf } from "./request-target.js"
import { handshakeFault, upgrade } from "./websocket-upgrade.js"

/** Finds the requests that are an endpoint's, and hands them to the transport that answers them. */
export class Router implements RequestTaker {
  readonly connections: ConnectionTable
  readonly #context: EndpointContext
  readonly #trustProxy: TrustProxy
  readonly #entrances: Entrances
  /** Each path's sessions. */
  readonly #longpolls = new Map<Admission, LongPoll>()

  constructor(context: EndpointContext, entrances: Entrances, trustProxy: TrustProxy, limits: ConnectionLimits) {
    this.connections = new ConnectionTable({
      limits,
      clock: context.clock,
      isProxy: (address) => isTrusted(address, trustProxy),
      onLimit: (limit, address) => context.limitHit(limit, undefined, address),
    })
    this.#context = context
    this.#entrances = entrances
    this.#trustProxy = trustProxy
  }

  faulty(stream: Duplex, late: boolean): void {
    this.connections.ending(stream)
    if (late) this.#context.limitHit("handshakeMs", undefined, peerOf(stream))
    else this.#context.counters.rookery_requests_malformed_total++
  }

  acceptFailed(error: Error): void {
    this.#context.failed(error, "accept")
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { path } = targetOf(request)
    const longpoll = this.#longpollAt(path)
    if (longpoll === undefined && this.#entrances.find("websocket", path) === undefined) return false
    const address = addressOf(request, this.#trustProxy)
    if (!this.connections.serve(request, response, address)) answer(response, faultAnswer(429))
    else if (longpoll !== undefined) void longpoll.handle(request, response, address)
    else answer(response, handshakeFault(request) ?? faultAnswer(400))
    return true
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const admission = this.#entrances.find("websocket", targetOf(request).path)
    if (admission === undefined) return false
    // An earlier request has no answer yet. That answer would land among the frames of the websocket.
    if (this.connections.isBusy(socket)) {
      this.#context.counters.rookery_requests_malformed_total++
      socket.destroy()
      return true
    }
    const address = addressOf(request, this.#trustProxy)
    if (!this.connections.serveUpgrade(socket, address)) {
      this.#refuse(socket, faultAnswer(429))
      return true
    }
    upgrade(request, socket, head, { context: this.#context, admission, address }).then(
      (refusal) => refusal && this.#refuse(socket, refusal),
      (error: unknown) => {
        this.#context.failed(error, "upgrade")
        socket.destroy()
      },
    )
    return true
  }

  #longpollAt(path: string): LongPoll | undefined {
    const admission = this.#entrances.find("longpoll", path)
    if (admission === undefined) return undefined
    let longpoll = this.#longpolls.get(admission)
    if (longpoll === undefined) {
      longpoll = new LongPoll(this.#context, admission)
      this.#longpolls.set(admission, longpoll)
    }
    return longpoll
  }

  #refuse(socket: Duplex, refusal: HttpAnswer): void {
    answerUpgrade(socket, refusal)
    this.connections.ending(socket)
  }
}
