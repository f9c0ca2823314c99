import type { AnyTopics, Loose } from "../../protocol/contract.js"
import { EventSocket, type WebSocketLike } from "../web/event-socket.js"
import { FetchEndpoint, type AcceptedUpgrade, type FetchPlatform } from "../web/fetch-endpoint.js"
import { handshakeHeaders } from "../web/fetch-exchange.js"
import type { EndpointOptions } from "../web/options.js"
import { BY_FETCH, type Unfollowed } from "../web/unfollowed.js"
import { webRuntime } from "../web/web-runtime.js"

/** A websocket of Workers: nothing comes before it was accepted. */
interface WorkersWebSocket extends WebSocketLike {
  accept(): void
}

/** The globals of Workers that are used. */
interface WorkersGlobals {
  readonly WebSocketPair: new () => { readonly 0: WebSocket; readonly 1: WorkersWebSocket }
}

const inNextTask = (callback: () => void): void => void setTimeout(callback, 0)

const SENT = "the platform does not tell what a client has not read; leave this out"

const UNFOLLOWED: Unfollowed = {
  options: {
    ...BY_FETCH.options,
    compress: "the platform decides it, by the compatibility flag `web_socket_compression`",
    slowClient: SENT,
    trustProxy: "the address is in the header `cf-connecting-ip`, which the platform writes",
  },
  limits: {
    ...BY_FETCH.limits,
    queuedBytes: SENT,
    closeMs: "the platform ends the connections; leave this out",
  },
}

const WORKERS: FetchPlatform = {
  name: "Workers",
  runtime: { ...webRuntime, atEndOfTurn: inNextTask, afterMicrotasks: inNextTask },
  unfollowed: UNFOLLOWED,
}

/**
 * Phoenix channels on Cloudflare's Workers: clients of Phoenix, in any language, connect to it as they are. It belongs
 * into a Durable Object, which is one node with all of its sockets: each request to a plain Worker may come to another
 * process.
 *
 * ```ts
 * export class Rooms extends DurableObject {
 *   endpoint = new Endpoint({ origins: ["https://example.com"] }).channel("room:*", {
 *     receive: { shout: (payload, room) => room.broadcast("shout", payload) },
 *   })
 *
 *   fetch(request: Request) {
 *     return this.endpoint.fetch(request)
 *   }
 * }
 * export default { fetch: (request, env) => env.ROOMS.getByName("all").fetch(request) }
 * ```
 */
export class Endpoint<Topics = AnyTopics, Assigns = Loose> extends FetchEndpoint<Topics, Assigns> {
  constructor(options: EndpointOptions<Topics, Assigns> = {}) {
    super(WORKERS, options)
  }

  /** Answers a request, and one for a path that is not the endpoint's with 404. */
  async fetch(request: Request): Promise<Response> {
    const address = request.headers.get("cf-connecting-ip") ?? undefined
    return (await this.serve(request, { address, upgrade })) as Response
  }
}

function upgrade({ subprotocol, open }: AcceptedUpgrade): Response {
  const { WebSocketPair } = globalThis as unknown as WorkersGlobals
  const { 0: client, 1: server } = new WebSocketPair()
  const socket = new EventSocket(server)
  server.accept()
  socket.attach(open(socket))
  const headers = handshakeHeaders(subprotocol)
  return new Response(null, { status: 101, webSocket: client, headers } as ResponseInit)
}
