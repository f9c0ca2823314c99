import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import { addressOf, type TrustProxy } from "./address.js"
import type { Admission } from "./admission.js"
import type { EndpointContext } from "./context.js"
import { answer, faultAnswer } from "./http-answers.js"
import type { RequestTaker } from "./http-attachment.js"
import { LongPoll } from "./longpoll.js"
import { upgrade } from "./websocket-upgrade.js"

/** One path that clients connect to. */
export interface Mount {
  readonly path: string
  readonly admission: Admission
  readonly websocket: boolean
  readonly longpoll: boolean
  readonly compress: boolean
}

const pathOf = ({ url = "" }: IncomingMessage): string => {
  const at = url.indexOf("?")
  return at === -1 ? url : url.slice(0, at)
}

/** Which requests are an endpoint's, and who answers them. */
export class Router implements RequestTaker {
  readonly #context: EndpointContext
  readonly #trustProxy: TrustProxy
  readonly #websockets = new Map<string, Mount>()
  readonly #longpolls = new Map<string, LongPoll>()

  constructor(context: EndpointContext, trustProxy: TrustProxy) {
    this.#context = context
    this.#trustProxy = trustProxy
  }

  mount(mount: Mount): void {
    if (mount.websocket) this.#websockets.set(`${mount.path}/websocket`, mount)
    if (mount.longpoll) this.#longpolls.set(`${mount.path}/longpoll`, new LongPoll(this.#context, mount.admission))
  }

  request(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request)
    const longpoll = this.#longpolls.get(path)
    if (longpoll !== undefined) {
      void longpoll.handle(request, response, addressOf(request, this.#trustProxy))
      return true
    }
    if (!this.#websockets.has(path)) return false
    answer(response, faultAnswer(400))
    return true
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const mount = this.#websockets.get(pathOf(request))
    if (mount === undefined) return false
    const { admission, compress } = mount
    const address = addressOf(request, this.#trustProxy)
    upgrade(request, socket, head, { context: this.#context, admission, compress, address }).catch((error: unknown) => {
      this.#context.failed(error, "upgrade")
      socket.destroy()
    })
    return true
  }
}
