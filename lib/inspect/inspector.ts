import { systemClock, type Clock } from "../protocol/clock.js"
import { RookeryError } from "../protocol/errors.js"
import { disconnect, kick } from "./actions.js"
import { answer, answerJson, Fault, guarded } from "./answers.js"
import { readFilter } from "./filter.js"
import { Names } from "./names.js"
import { nodeListener, type NodeRequest, type NodeResponse } from "./node-listener.js"
import { PAGE_FILES } from "./page-files.js"
import { readJson } from "./read-json.js"
import { checkAction, checkOrigin } from "./same-origin.js"
import { readLimit, stateOf, topicOf } from "./snapshot.js"
import type { InspectorSource } from "./source.js"
import { Watch } from "./watch.js"
import type { InspectedCluster } from "./wire.js"

/** Options of {@link inspector}. */
export interface InspectorOptions {
  /**
   * Decides whether a request may read, or act if its method is POST: return `true`, or a `Response` that asks for a
   * log-in or refuses. The inspector shows all that clients send, so check a credential, not only an address.
   */
  readonly allow: (request: Request) => boolean | Response | Promise<boolean | Response>
  /** The path that the inspector is served at. @default "/inspect" */
  readonly path?: string | undefined
  /** Further names of params and payload keys whose values are hidden. @default the usual names of secrets */
  readonly secrets?: RegExp | undefined
  /** The bytes of events that are buffered for a slow reader; further events are lost. @default 262144 */
  readonly bufferBytes?: number | undefined
  /** Called with an error that `allow` throws. The request is answered with 500. @default console.error */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Measures the times of events. @default the platform's clock */
  readonly clock?: Clock | undefined
}

/** Shows a running endpoint. */
export interface Inspector {
  /** Answers a web `Request`; other paths get 404. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>
  /** The same for `createServer()` of `node:http`, and for Express. */
  readonly listener: (request: NodeRequest, response: NodeResponse) => Promise<void>
  /** Ends every stream. The inspector stops listening to the endpoint. */
  stop(): void
}

/** The most streams at once. Each makes the endpoint encode the messages that pass. */
const MOST_STREAMS = 20
const DEFAULT_BUFFER_BYTES = 262_144

type Handler = (request: Request, query: URLSearchParams) => Response | Promise<Response>

/** The answer of the cluster, or `null` without one. */
const unlessDown = (count: Promise<number>): Promise<number | null> => count.catch(() => null)

/**
 * Shows a running endpoint, on a page and to programs: its sockets and channels, the presences of a topic, the messages
 * that pass, the limits that were hit. It can also disconnect sockets and remove them from topics. While nobody
 * watches, it adds no listener to the endpoint.
 *
 * ```ts
 * const inspected = inspector(endpoint, { allow: (request) => isOperator(request) })
 * createServer(inspected.listener).listen(9465, "127.0.0.1")
 * ```
 */
export function inspector(endpoint: InspectorSource, options: InspectorOptions): Inspector {
  const { allow, secrets, clock = systemClock, bufferBytes = DEFAULT_BUFFER_BYTES, onError = console.error } = options
  if (typeof allow !== "function") {
    throw new RookeryError(
      "bad_option",
      "an inspector shows all that clients send; give it an `allow` that says who may look",
    )
  }
  const path = (options.path ?? "/inspect").replace(/\/$/, "")
  const names = new Names()
  const watch = new Watch({ endpoint, names, clock, bufferBytes, secrets })

  async function cluster(): Promise<Response> {
    const [nodes, sockets] = await Promise.all([unlessDown(endpoint.nodes()), unlessDown(endpoint.count())])
    return answerJson({ nodes, sockets, healthy: endpoint.healthy } satisfies InspectedCluster)
  }

  const stream: Handler = (request, query) => {
    if (watch.size >= MOST_STREAMS) throw new Fault(503, `${MOST_STREAMS} streams are open already`)
    const headers = { "x-accel-buffering": "no" }
    const open = request.method === "HEAD" ? undefined : watch.open(readFilter(query))
    return answer(open?.body ?? null, "text/event-stream; charset=utf-8", 200, headers)
  }

  function topic(query: URLSearchParams): Response {
    const name = query.get("topic")
    if (name === null) throw new Fault(400, "which topic? Ask for topic?topic=room:1")
    return answerJson(topicOf(endpoint, names, name, readLimit(query), secrets))
  }

  const acting =
    (act: typeof disconnect | typeof kick): Handler =>
    async (request) => {
      await act(endpoint, names, await readJson(request))
      return answer(null, undefined, 204)
    }

  const page = Object.entries(PAGE_FILES).map(([part, { body, type }]): [string, Handler] => [
    part,
    () => answer(body, type),
  ])
  const pages: Readonly<Record<string, Handler>> = Object.fromEntries(page)
  const reads: Readonly<Record<string, Handler>> = {
    "/state": (_request, query) => answerJson(stateOf(endpoint, names, query.get("search") ?? "", readLimit(query))),
    "/topic": (_request, query) => topic(query),
    "/cluster": cluster,
    "/stream": stream,
  }
  const actions: Readonly<Record<string, Handler>> = { "/disconnect": acting(disconnect), "/kick": acting(kick) }

  function find({ method }: Request, part: string): { handle: Handler; check: (request: Request) => void } {
    const [file, read, action] = [pages, reads, actions].map((some) =>
      Object.hasOwn(some, part) ? some[part] : undefined,
    )
    const isRead = method === "GET" || method === "HEAD"
    // A link to the page may be on any other page.
    if (file !== undefined && isRead) return { handle: file, check: () => {} }
    if (read !== undefined && isRead) return { handle: read, check: checkOrigin }
    if (action !== undefined && method === "POST") return { handle: action, check: checkAction }
    const taken = (file ?? read) !== undefined ? "GET, HEAD" : action !== undefined ? "POST" : undefined
    if (taken !== undefined) throw new Fault(405, `this takes ${taken}`, { allow: taken })
    throw new Fault(404, "there is nothing here")
  }

  async function respond(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === path && Object.hasOwn(pages, "/")) {
      // Relative, because a proxy may serve the inspector at another path.
      return answer(null, undefined, 308, { location: `${path.slice(path.lastIndexOf("/") + 1)}/` })
    }
    if (!pathname.startsWith(`${path}/`)) throw new Fault(404, "there is nothing here")
    const { handle, check } = find(request, pathname.slice(path.length))
    check(request)
    const allowed = await allow(request)
    if (allowed instanceof Response) return guarded(allowed)
    if (allowed !== true) throw new Fault(403, "this is not for you")
    return handle(request, searchParams)
  }

  async function fetch(request: Request): Promise<Response> {
    try {
      return await respond(request)
    } catch (error) {
      if (!(error instanceof Fault)) onError(error)
      const { status, message, headers } = error instanceof Fault ? error : new Fault(500, "something went wrong")
      return answerJson({ error: message, code: status }, status, headers)
    }
  }

  return { fetch, listener: nodeListener(fetch), stop: () => watch.end() }
}
