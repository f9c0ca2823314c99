import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { addressOf, peerOf, type TrustProxy } from "./address.js"
import type { Admission } from "./admission.js"
import type { EndpointContext } from "./context.js"
import type { Doorstep } from "./doorstep.js"
import { answer, faultAnswer } from "./http-answers.js"
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

/** Which requests are an endpoint's, and who answers them. */
export class Router implements RequestTaker {
  readonly #context: EndpointContext
  readonly #trustProxy: TrustProxy
  readonly #doorstep: Doorstep
  readonly #websockets = new Map<string, WebSocketMount>()
  readonly #longpolls = new Map<string, LongPoll>()

  constructor(context: EndpointContext, trustProxy: TrustProxy, doorstep: Doorstep) {
    this.#doorstep = doorstep
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

  opened(line: Socket): void {
    this.#doorstep.opened(line)
  }

  asked(line: Socket, behind: boolean): boolean {
    return this.#doorstep.asked(line, behind)
  }

  faulty(line: Socket, late: boolean): void {
    this.#doorstep.gone(line)
    if (late) this.#context.limitHit("handshakeMs", undefined, peerOf(line))
    else this.#context.counters.rookery_requests_malformed_total++
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { path } = targetOf(request)
    const longpoll = this.#longpolls.get(path)
    if (longpoll !== undefined) {
      void longpoll.handle(request, response, addressOf(request, this.#trustProxy))
      return true
    }
    if (!this.#websockets.has(path)) return false
    answer(response, handshakeFault(request) ?? faultAnswer(400))
    return true
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const mount = this.#websockets.get(targetOf(request).path)
    if (mount === undefined) return false
    const address = addressOf(request, this.#trustProxy)
    upgrade(request, socket, head, { ...mount, context: this.#context, address }).catch((error: unknown) => {
      this.#context.failed(error, "upgrade")
      socket.destroy()
    })
    return true
  }
}
