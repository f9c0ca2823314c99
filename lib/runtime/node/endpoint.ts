import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http"
import type { AddressInfo, ListenOptions } from "node:net"
import type { Duplex } from "node:stream"
import type { AnyTopics, Loose } from "../../protocol/contract.js"
import type { Limits } from "../../protocol/limits.js"
import { addressOf, type TrustProxy } from "./http/client-address.js"
import type { AnyHttpServer } from "./http/any-http-server.js"
import type { Counters } from "../../server/api/counters.js"
import type { CloseOptions } from "../../server/support/drain.js"
import { CoreEndpoint } from "../../server/endpoint.js"
import { answer } from "./http/answers.js"
import { attachTo } from "./http/attach.js"
import { connectInProcess, type InProcessClient, type InProcessLine } from "../memory/in-process.js"
import { resolveLimits } from "../../server/limits/resolve-limits.js"
import { nodeRuntime } from "./platform/node-runtime.js"
import type { EndpointOptions } from "./options.js"
import { faultAnswer } from "../../server/admission/rejection.js"
import { Router } from "./router.js"
import { ownWebSocketServer } from "./upgrade/own-server.js"

/** How long requests may take, those behind the first of a connection as well. */
function timeouts(handshakeMs: number, messageMs: number): ServerOptions {
  if (!Number.isFinite(handshakeMs + messageMs)) return {}
  const requestTimeout = handshakeMs + messageMs
  return { headersTimeout: handshakeMs, requestTimeout, connectionsCheckingInterval: Math.min(1000, handshakeMs) }
}

const notFound: RequestListener = (_request, response) => {
  answer(response, { status: 404, headers: { "content-type": "text/plain" }, body: "not found" })
}

/** Answers single requests of a server of yours. */
export interface Serve {
  /** Answers a request if it is for one of the endpoint's paths, and returns whether it is. */
  request(request: IncomingMessage, response: ServerResponse): boolean
  /** Takes an upgrade if it is for one of the endpoint's paths, and returns whether it is. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

/**
 * Phoenix channels on Node: clients of Phoenix, in any language, connect to it as they are.
 *
 * ```ts
 * const endpoint = new Endpoint()
 * endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
 * await endpoint.listen({ port: 4000 })
 * ```
 */
export class Endpoint<Topics = AnyTopics, Assigns = Loose> extends CoreEndpoint<Topics, Assigns, IncomingMessage> {
  readonly #limits: Limits
  readonly #trustProxy: TrustProxy
  readonly #router: Router
  readonly #serve: Serve
  readonly #attached = new Map<AnyHttpServer, () => void>()
  #own: Server | undefined
  /** Resolves when the endpoint's own server listens no more. */
  #stopped: Promise<void> | undefined

  constructor(options: EndpointOptions<Topics, Assigns> = {}) {
    super(nodeRuntime, options)
    this.#limits = resolveLimits(options.limits)
    this.#trustProxy = options.trustProxy ?? false
    this.#router = new Router({
      services: this.services,
      entrances: this.entrances,
      websockets: options.websocketServer ?? ownWebSocketServer(),
      trustProxy: this.#trustProxy,
      limits: this.#limits,
    })
    this.#serve = {
      request: (request, response) => this.#router.request(request, response),
      upgrade: (request, socket, head) => this.#router.upgrade(request, socket, head),
    }
  }

  /**
   * Listens on a server of its own, and resolves with its address. Without a port it takes a free one.
   *
   * @param listener answers the requests for all other paths; without one they are answered with 404
   */
  async listen(options: ListenOptions = {}, listener: RequestListener = notFound): Promise<AddressInfo> {
    await this.ready()
    const { handshakeMs, messageMs } = this.#limits
    const { connections } = this.#router
    const server = createServer(timeouts(handshakeMs, messageMs), (request, response) => {
      const client = addressOf(request, this.#trustProxy)
      if (connections.serve(request, response, client))
        void this.#router.inTurn(response, () => listener(request, response))
      else answer(response, faultAnswer(429))
    })
    this.#own = server
    connections.own(server)
    this.attach(server)
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(options.path === undefined ? { port: 0, ...options } : options, () => {
        server.off("error", reject)
        resolve()
      })
    })
    return server.address() as AddressInfo
  }

  /**
   * Serves its paths on a server of yours, and leaves all other paths to it. It only adds listeners: those that the server
   * has, or is given later, do not get the requests for the endpoint's paths. Returns the function that takes them away.
   */
  attach(server: AnyHttpServer): () => void {
    const known = this.#attached.get(server)
    if (known !== undefined) return known
    const detach = attachTo(server, this.#router)
    const letGo = (): void => {
      detach()
      this.#attached.delete(server)
    }
    this.#attached.set(server, letGo)
    return letGo
  }

  override counters(): Counters {
    return { ...super.counters(), rookery_tcp_connections: this.#router.connections.size }
  }

  /** Lets a client of this process in, without a port. Throws a `ConnectError` if it is refused. */
  connectInProcess(client: InProcessClient): Promise<InProcessLine> {
    return connectInProcess(this, client)
  }

  /**
   * Closes in good order, and has ended by the deadline: nobody new comes in, pending replies go out, then every socket is
   * closed with 1012, in batches. A server of the endpoint's own stops listening and loses all of its connections; others
   * lose those that the endpoint serves.
   */
  override close(options: CloseOptions = {}): Promise<void> {
    return super.close(options)
  }

  /**
   * Serves single requests, for servers and frameworks that hand them to you: in a middleware
   * `if (!endpoint.serve.request(request, response)) next()`. With `attach` there is no need for it, and it holds the
   * limits of connections and requests, which begin before a request has come.
   */
  get serve(): Serve {
    return this.#serve
  }

  /** @internal */
  protected override stopTransports(): void {
    const own = this.#own
    this.#stopped = new Promise((resolve) => (own === undefined ? resolve() : own.close(() => resolve())))
  }

  /** @internal */
  protected override async closeTransports(ms: number): Promise<void> {
    this.#own?.closeIdleConnections()
    await this.#router.connections.close(ms)
    await this.#stopped
    for (const letGo of [...this.#attached.values()]) letGo()
  }
}
