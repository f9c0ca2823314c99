import type { AnyTopics, Loose } from "../../protocol/contract.js"
import { DEFAULT_LIMITS } from "../../protocol/limits.js"
import type { CloseOptions } from "../../server/support/drain.js"
import type { TrustProxy } from "../../server/support/forwarded-address.js"
import { clientAddress } from "../web/client-address.js"
import { handshakeHeaders } from "../web/fetch-exchange.js"
import { FetchEndpoint, type FetchHandler, type FetchPlatform } from "../web/fetch-endpoint.js"
import {
  resolveListen,
  type GatewayOptions,
  type ListenAddress,
  type EndpointListenOptions,
  type ServedEndpointOptions,
  type SocketOptions,
} from "../web/options.js"
import { inNextTask } from "../web/immediate.js"
import { BY_FETCH } from "../web/unfollowed.js"
import type { MessageLink } from "../messages/message-link.js"
import type { Gateway } from "../../server/gateway/gateway.js"
import { webRuntime } from "../web/web-runtime.js"
import { BunSocket, BunWrites } from "./bun-socket.js"
import type { BunGlobal, BunServer, BunWebSocketData, BunWebSocketHandler } from "./bun-types.js"

const runtime = { ...webRuntime, atEndOfTurn: inNextTask, afterMicrotasks: inNextTask }
const BUN: FetchPlatform = { name: "Bun", runtime, unfollowed: BY_FETCH }

/** A message that is a little over the limit is told so with 1009; Bun cuts the connection of a much longer one. */
const MARGIN_BYTES = 65_536
/** Bun drops messages beyond it without a word, so `queuedBytes` has to count first. */
const BACKPRESSURE_BYTES = 2 ** 31 - 1

/**
 * Phoenix channels on Bun: clients of Phoenix, in any language, connect to it as they are.
 *
 * ```ts
 * const endpoint = new Endpoint()
 * endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
 * await endpoint.listen({ port: 4000 })
 * ```
 */
export class Endpoint<Topics = AnyTopics, Assigns = Loose> extends FetchEndpoint<Topics, Assigns> {
  readonly #trustProxy: TrustProxy
  readonly #writes = new BunWrites(runtime)
  #compress: boolean
  #messageBytes: number
  #own: BunServer | undefined

  constructor(options: ServedEndpointOptions<Topics, Assigns> = {}) {
    super(BUN, options)
    this.#trustProxy = options.trustProxy ?? false
    this.#compress = options.compress ?? false
    this.#messageBytes = options.limits?.messageBytes ?? DEFAULT_LIMITS.messageBytes
  }

  /**
   * Listens on a server of its own, and resolves with its address.
   *
   * @param otherwise answers the requests for all other paths; without it they are answered with 404
   * @throws a `RookeryError` with code `bad_option` if it listens already, or `destroyed` if it is closed
   */
  async listen(options: EndpointListenOptions = {}, otherwise?: FetchHandler): Promise<ListenAddress> {
    const resolved = resolveListen("Bun", options)
    return this.listenOnce(
      () => this.#listen(resolved, otherwise),
      () => void this.#own?.stop(),
    )
  }

  #listen({ port, host }: ReturnType<typeof resolveListen>, otherwise?: FetchHandler): ListenAddress {
    const { Bun } = globalThis as unknown as { Bun: BunGlobal }
    const server = Bun.serve({
      port,
      hostname: host,
      // A poll waits longer than Bun lets an answer wait by default.
      idleTimeout: 255,
      fetch: (request, from) => this.fetch(request, from, otherwise),
      websocket: this.websocket,
    })
    this.#own = server
    return { address: server.hostname ?? host, port: server.port ?? port }
  }

  /**
   * Answers a request of a server of yours: `Bun.serve({ fetch: endpoint.fetch, websocket: endpoint.websocket })`.
   * Resolves with `undefined` for a request that has become a websocket.
   *
   * @param otherwise answers the requests for all other paths; without it they are answered with 404
   */
  readonly fetch = (request: Request, server: BunServer, otherwise?: FetchHandler): Promise<Response | undefined> => {
    const peer = server.requestIP(request)?.address
    const address = clientAddress(peer, request, this.#trustProxy)
    return this.serve(
      request,
      {
        address,
        onGone: (callback) => request.signal.addEventListener("abort", callback, { once: true }),
        upgrade: ({ subprotocol, open }) => {
          const headers = handshakeHeaders(subprotocol)
          return server.upgrade(request, { headers, data: this.#data(open) }) ? undefined : false
        },
      },
      otherwise,
    )
  }

  /** The handlers of websockets, for a server of yours. Read after every path was added. */
  get websocket(): BunWebSocketHandler {
    return {
      open: (socket) => socket.data.opened(socket),
      message: (socket, data) => socket.data.message(data),
      ping: (socket, data) => socket.data.control(data.length),
      pong: (socket, data) => socket.data.control(data.length),
      close: (socket, code) => socket.data.closed(code),
      maxPayloadLength: Math.min(this.#messageBytes + MARGIN_BYTES, 2 ** 31 - 1),
      // `idleMs` counts instead.
      idleTimeout: 0,
      sendPings: false,
      backpressureLimit: BACKPRESSURE_BYTES,
      perMessageDeflate: this.#compress,
    }
  }

  override socket(path: string, options: SocketOptions<Assigns> = {}): this {
    this.#widen(options)
    return super.socket(path, options)
  }

  override gateway<GatewayAssigns = Loose>(
    path: string,
    options: GatewayOptions<GatewayAssigns> = {},
  ): Gateway<GatewayAssigns> {
    this.#widen(options)
    return super.gateway(path, options)
  }

  /**
   * Closes in good order, and has ended by the deadline: nobody new comes in, pending replies go out, then every socket is
   * closed with 1012, in batches. The endpoint's own server stops listening and loses all of its connections.
   */
  override close(options: CloseOptions = {}): Promise<void> {
    return super.close(options)
  }

  /** @internal */
  protected override stopTransports(): void {
    void this.#own?.stop()
  }

  /** @internal */
  protected override async closeTransports(ms: number): Promise<void> {
    await super.closeTransports(ms)
    await this.#own?.stop(true)
  }

  /** One server serves all paths: it takes what the widest of them takes. */
  #widen({ limits, compress = false }: Pick<SocketOptions, "compress" | "limits">): void {
    this.#messageBytes = Math.max(this.#messageBytes, limits?.messageBytes ?? 0)
    this.#compress ||= compress
  }

  #data(open: (socket: BunSocket) => MessageLink): BunWebSocketData {
    let link: MessageLink | undefined
    return {
      opened: (socket) => (link = open(new BunSocket(socket, this.#writes, this.#compress))),
      message: (data) => link?.receive(data),
      control: (bytes) => void link?.allowFrame(bytes),
      closed: (code) => link?.closed(code),
    }
  }
}
