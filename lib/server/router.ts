import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { addressOf, isTrusted, peerOf, type TrustProxy } from "./address.js"
import type { Admission } from "./admission.js"
import type { EndpointContext } from "./context.js"
import { ConnectionTable, type ConnectionLimits } from "./connection-table.js"
import { answer, answerUpgrade, faultAnswer, type HttpAnswer } from "./http-answers.js"
import type { RequestTaker } from "./http-attachment.js"
import { LongPoll } from "./longpoll.js"
import { targetOf } from "./request-target.js"
import { handshakeFault, upgrade, type UpgradeOptions } from "./websocket-upgrade.js"

/** What serves websockets. */
export interface WebSocketMount {
  readonly admission: Admission
  readonly compress: boolean
  readonly plain?: UpgradeOptions["plain"]
  /** What a websocket's client talks to. */
  readonly own: UpgradeOptions["own"]
  readonly onLimit: UpgradeOptions["onLimit"]
}

/** One path that clients of Phoenix connect to. */
export interface Mount extends WebSocketMount {
  readonly path: string
  readonly websocket: boolean
  readonly longpoll: boolean
}

/** Finds the requests that are an endpoint's, and hands them to the transport that answers them. */
export class Router implements RequestTaker {
  readonly connections: ConnectionTable
  readonly #context: EndpointContext
  readonly #trustProxy: TrustProxy
  readonly #websockets = new Map<string, WebSocketMount>()
  readonly #longpolls = new Map<string, LongPoll>()

  constructor(context: EndpointContext, trustProxy: TrustProxy, limits: ConnectionLimits) {
    this.connections = new ConnectionTable({
      limits,
      clock: context.clock,
      isProxy: (address) => isTrusted(address, trustProxy),
      onLimit: (limit, address) => context.limitHit(limit, undefined, address),
    })
    this.#context = context
    this.#trustProxy = trustProxy
  }

  mount(mount: Mount): void {
    if (mount.websocket) this.mountAt(`${mount.path}/websocket`, mount)
    if (mount.longpoll) this.#longpolls.set(`${mount.path}/longpoll`, new LongPoll(this.#context, mount.admission))
  }

  /** Serves websockets at exactly this path. */
  mountAt(path: string, mount: WebSocketMount): void {
    this.#websockets.set(path, mount)
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
    const longpoll = this.#longpolls.get(path)
    if (longpoll === undefined && !this.#websockets.has(path)) return false
    const address = addressOf(request, this.#trustProxy)
    if (!this.connections.serve(request, response, address)) answer(response, faultAnswer(429))
    else if (longpoll !== undefined) void longpoll.handle(request, response, address)
    else answer(response, handshakeFault(request) ?? faultAnswer(400))
    return true
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const mount = this.#websockets.get(targetOf(request).path)
    if (mount === undefined) return false
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
    upgrade(request, socket, head, { ...mount, context: this.#context, address }).then(
      (refusal) => refusal && this.#refuse(socket, refusal),
      (error: unknown) => {
        this.#context.failed(error, "upgrade")
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
