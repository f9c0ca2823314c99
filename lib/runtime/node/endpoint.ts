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
import { addressOf } from "./http/client-address.js"
import type { TrustProxy } from "../../server/support/forwarded-address.js"
import type { AnyHttpServer } from "./http/any-http-server.js"
import type { Counters } from "../../server/api/counters.js"
import type { CloseOptions } from "../../server/support/drain.js"
import { CoreEndpoint } from "../../server/endpoint.js"
import { answer } from "./http/answers.js"
import { attachTo } from "./http/attach.js"
import { connectInProcess, type InProcessClient, type InProcessConnection } from "../memory/in-process.js"
import { nodeRuntime } from "./platform/node-runtime.js"
import type { EndpointOptions } from "./options.js"
import { faultAnswer, NOT_FOUND } from "../../server/admission/rejection.js"
import { Router } from "./router.js"
import { ownWebSocketServer } from "./upgrade/own-server.js"
import { ownMates } from "./workers/mates.js"

/** The time limits of requests, for Node's HTTP server. They hold for every request of a connection. */
function timeouts(handshakeMs: number, messageMs: number): ServerOptions {
  if (!Number.isFinite(handshakeMs + messageMs)) return {}
  const requestTimeout = handshakeMs + messageMs
  return { headersTimeout: handshakeMs, requestTimeout, connectionsCheckingInterval: Math.min(1000, handshakeMs) }
}

const notFound: RequestListener = (_request, response) => {
  answer(response, NOT_FOUND)
}

/** Answers single requests of your own server. */
export interface Serve {
  /** Answers a request for one of the endpoint's paths. Returns `false` for any other request. */
  request(request: IncomingMessage, response: ServerResponse): boolean
  /** Handles an upgrade for one of the endpoint's paths. Returns `false` for any other request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

/**
 * Phoenix channels on Node. Phoenix clients, in any language, connect to it without a change. Its types are inferred:
 * the contract from the option `topics`, and `assigns` from `connect`.
 *
 * ```ts
 * const endpoint = new Endpoint()
 * endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
 * await endpoint.listen({ port: 4000 })
 * ```
 */
export class Endpoint<Topics = AnyTopics, Assigns = Loose> extends CoreEndpoint<Topics, Assigns, IncomingMessage> {
  readonly #trustProxy: TrustProxy
  readonly #router: Router
  readonly #serve: Serve
  readonly #attached = new Map<AnyHttpServer, () => void>()
  #own: Server | undefined
  /** Resolves when the endpoint's own server has stopped listening. */
  #stopped: Promise<void> | undefined

  constructor(options: EndpointOptions<Topics, Assigns> = {}) {
    super(nodeRuntime, options)
    this.#trustProxy = options.trustProxy ?? false
    const mates = ownMates()
    this.#router = new Router({
      services: this.services,
      entrances: this.entrances,
      websockets: options.websocketServer ?? ownWebSocketServer(),
      trustProxy: this.#trustProxy,
      limits: this.limits,
      mates,
    })
    this.#serve = {
      request: (request, response) => this.#router.request(request, response),
      upgrade: (request, socket, head) => this.#router.upgrade(request, socket, head),
    }
    if (mates !== undefined) this.attach(mates.server)
  }

  /**
   * Listens on a server of its own, and resolves with the server's address. Without a port, a free port is used.
   *
   * @param listener answers requests for all other paths; by default with 404
   * @throws a `RookeryError` with code `bad_option` if it listens already, or `destroyed` if it is closed
   */
  listen(options: ListenOptions = {}, listener: RequestListener = notFound): Promise<AddressInfo> {
    return this.listenOnce(
      () => this.#listen(options, listener),
      () => this.#own?.close(),
    )
  }

  async #listen(options: ListenOptions, listener: RequestListener): Promise<AddressInfo> {
    const { handshakeMs, messageMs } = this.limits
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
   * Serves the endpoint's paths on your own server. Only adds listeners. The server's other listeners, also those that
   * are added later, get the requests for all other paths, and none for the endpoint's paths.
   *
   * @returns a function that removes the endpoint's listeners
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

  /** Connects a client of this process, without a port. Rejects with a `ConnectError` if the client is refused. */
  connectInProcess(client: InProcessClient): Promise<InProcessConnection> {
    return connectInProcess(this, client)
  }

  /**
   * Shuts down gracefully, by the deadline: rejects new clients, waits for pending replies, then closes every socket
   * with code 1012, in batches. The endpoint's own server stops listening and all of its connections are closed. On
   * other servers only the connections that the endpoint serves are closed.
   */
  override close(options: CloseOptions = {}): Promise<void> {
    return super.close(options)
  }

  /**
   * Serves single requests, for frameworks that pass them to you. In a middleware:
   * `if (!endpoint.serve.request(request, response)) next()`. Prefer `attach`, which also enforces the limits of TCP
   * connections and of requests, because it sees a connection before its first request.
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
