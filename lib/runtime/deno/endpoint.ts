import type { AnyTopics, Loose } from "../../protocol/contract.js"
import type { CloseOptions } from "../../server/support/drain.js"
import type { TrustProxy } from "../../server/support/forwarded-address.js"
import { clientAddress } from "../web/client-address.js"
import { EventSocket } from "../web/event-socket.js"
import { FetchEndpoint, type AcceptedUpgrade, type FetchHandler, type FetchPlatform } from "../web/fetch-endpoint.js"
import { handshakeHeaders } from "../web/fetch-exchange.js"
import {
  resolveListen,
  type ListenAddress,
  type EndpointListenOptions,
  type ServedEndpointOptions,
} from "../web/options.js"
import { inNextTask } from "../web/immediate.js"
import { BY_FETCH, type Unfollowed } from "../web/unfollowed.js"
import { webRuntime } from "../web/web-runtime.js"
import type { DenoGlobal, DenoRequestInfo } from "./deno-types.js"

const UNFOLLOWED: Unfollowed = {
  options: { ...BY_FETCH.options, compress: "its websockets have no permessage-deflate; compress in front of it" },
  limits: {
    ...BY_FETCH.limits,
    closeMs: "its websockets end when the client answers the close frame, or its pings; leave this out",
  },
}

const DENO: FetchPlatform = {
  name: "Deno",
  runtime: { ...webRuntime, atEndOfTurn: inNextTask, afterMicrotasks: inNextTask },
  unfollowed: UNFOLLOWED,
}

/** Seconds without an answer to a ping after which Deno itself ends a connection: those that are gone without a word. */
const PING_SECONDS = 30

const deno = (): DenoGlobal => (globalThis as unknown as { Deno: DenoGlobal }).Deno

/**
 * Phoenix channels on Deno: clients of Phoenix, in any language, connect to it as they are.
 *
 * ```ts
 * const endpoint = new Endpoint()
 * endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
 * await endpoint.listen({ port: 4000 })
 * ```
 */
export class Endpoint<Topics = AnyTopics, Assigns = Loose> extends FetchEndpoint<Topics, Assigns> {
  readonly #trustProxy: TrustProxy
  readonly #stop = new AbortController()
  #finished: Promise<void> | undefined

  constructor(options: ServedEndpointOptions<Topics, Assigns> = {}) {
    super(DENO, options)
    this.#trustProxy = options.trustProxy ?? false
  }

  /**
   * Listens on a server of its own, and resolves with its address.
   *
   * @param otherwise answers the requests for all other paths; without it they are answered with 404
   * @throws a `RookeryError` with code `bad_option` if it listens already, or `destroyed` if it is closed
   */
  async listen(options: EndpointListenOptions = {}, otherwise?: FetchHandler): Promise<ListenAddress> {
    const resolved = resolveListen("Deno", options)
    return this.listenOnce(
      () => this.#listen(resolved, otherwise),
      () => this.#stop.abort(),
    )
  }

  #listen({ port, host }: ReturnType<typeof resolveListen>, otherwise?: FetchHandler): ListenAddress {
    const { signal } = this.#stop
    const server = deno().serve({ port, hostname: host, signal, onListen: () => {} }, (request, info) =>
      this.fetch(request, info, otherwise),
    )
    this.#finished = server.finished
    return { address: server.addr.hostname ?? host, port: server.addr.port ?? port }
  }

  /**
   * Answers a request of a server of yours: `Deno.serve(endpoint.fetch)`.
   *
   * @param otherwise answers the requests for all other paths; without it they are answered with 404
   */
  readonly fetch = async (request: Request, info: DenoRequestInfo, otherwise?: FetchHandler): Promise<Response> => {
    const address = clientAddress(info.remoteAddr.hostname, request, this.#trustProxy)
    const visit = {
      address,
      // The signal of a request also aborts when all is well.
      onGone: (callback: () => void) => void info.completed.catch(callback),
      upgrade: (accepted: AcceptedUpgrade) => upgrade(request, accepted),
    }
    return (await this.serve(request, visit, otherwise)) as Response
  }

  /**
   * Closes in good order, and has ended by the deadline: nobody new comes in, pending replies go out, then every socket is
   * closed with 1012, in batches. The endpoint's own server stops listening and loses all of its connections.
   */
  override close(options: CloseOptions = {}): Promise<void> {
    return super.close(options)
  }

  /** @internal */
  protected override async closeTransports(ms: number): Promise<void> {
    await super.closeTransports(ms)
    this.#stop.abort()
    await this.#finished
  }
}

function upgrade(request: Request, { subprotocol, open, leave }: AcceptedUpgrade): Response | false {
  try {
    const { socket, response } = deno().upgradeWebSocket(request, { idleTimeout: PING_SECONDS })
    // Its own option `protocol` finds no name in a list without spaces, as clients write it.
    for (const [name, value] of Object.entries(handshakeHeaders(subprotocol))) response.headers.set(name, value)
    let isOpen = false
    socket.addEventListener("open", () => {
      isOpen = true
      const platformSocket = new EventSocket(socket)
      platformSocket.attach(open(platformSocket))
    })
    socket.addEventListener("close", () => isOpen || leave())
    return response
  } catch {
    return false
  }
}
