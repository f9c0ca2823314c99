import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { WebSocketServer } from "ws"
import type { Listener } from "./connection.js"
import { LongPolls } from "./longpoll.js"
import { takeWebSockets } from "./websockets.js"

const PLACE = "<!-- the page's script, bundled, goes here -->"

/** The HTTP side of a LiveView app: its pages, its script, and its path for clients. */
export class LiveServer implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #polls: LongPolls
  readonly #script: string
  readonly #pages = new Map<string, string>()
  /** Requests for pages that are not served yet. */
  readonly #waiting = new Map<string, ServerResponse>()
  #asked: () => void = () => {}

  private constructor(script: string, listener: Listener, webSockets: boolean) {
    this.#script = script
    this.#polls = new LongPolls(listener)
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#sockets = takeWebSockets(this.#server, listener, webSockets)
  }

  static async start(script: string, listener: Listener, webSockets: boolean): Promise<LiveServer> {
    const live = new LiveServer(script, listener, webSockets)
    await new Promise<void>((resolve) => live.#server.listen(0, "127.0.0.1", resolve))
    return live
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Serves a page from now on. */
  serve(path: string, html: string): void {
    this.#pages.set(path, html.replace(PLACE, '<script defer src="/assets/js/app.js"></script>'))
    const waiting = this.#waiting.get(path)
    this.#waiting.delete(path)
    if (waiting) this.#page(path, waiting)
  }

  /** Waits for a request for a page that is not served yet. */
  async asked(path: string): Promise<void> {
    while (!this.#waiting.has(path)) await new Promise<void>((resolve) => (this.#asked = resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "/" } = request
    if (url === "/assets/js/app.js") return void response.writeHead(200, TYPE("text/javascript")).end(this.#script)
    if (url.startsWith("/live/longpoll?")) return this.#polls.answer(request, response)
    if (this.#pages.has(url)) return this.#page(url, response)
    this.#waiting.set(url, response)
    this.#asked()
  }

  #page(path: string, response: ServerResponse): void {
    response.writeHead(200, TYPE("text/html")).end(this.#pages.get(path))
  }
}

const TYPE = (type: string): Record<string, string> => ({ "content-type": `${type}; charset=utf-8` })
