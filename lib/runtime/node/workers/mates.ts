import cluster from "node:cluster"
import { rmSync } from "node:fs"
import {
  Agent,
  createServer,
  request as openRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http"
import { constants } from "node:os"
import type { Duplex } from "node:stream"
import { faultAnswer } from "../../../server/admission/rejection.js"
import { TOKEN_HEADER } from "../../longpoll/longpoll.js"
import { answer } from "../http/answers.js"
import { PEER_HEADER, peerOf, trustWorker } from "../http/client-address.js"
import { targetOf } from "../http/request-target.js"
import { socketPath } from "./socket-path.js"
import { FOLDER, STOP } from "./worker-environment.js"

/** Headers that are about one connection, not about the request. */
const OF_CONNECTION = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const

/** The most idle connections to one other worker that are kept for the next requests. */
const MAX_IDLE = 256

const ignore = (): void => {}

function withoutConnection(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed = { ...headers }
  for (const name of OF_CONNECTION) delete passed[name]
  return passed
}

/**
 * The headers of a request for another worker, with the address that it came from. The other worker needs it: where it
 * does not know the session it begins a new one, which counts for the limits by address.
 */
function headersToPass(request: IncomingMessage): IncomingHttpHeaders {
  const passed = withoutConnection(request.headers)
  // The client may have sent one of its own.
  delete passed[PEER_HEADER]
  const peer = peerOf(request.socket)
  return peer === undefined ? passed : { ...passed, [PEER_HEADER]: peer }
}

/**
 * The other workers of this machine, as one of them sees them. A session of long-poll lives in one worker, and each
 * connection of a client may come to another: a request of someone else's session is passed on to its worker, by HTTP
 * over a Unix socket. Handing over the connection instead would not do: the requests of several clients may follow each
 * other on one connection, as a proxy has them, and each belongs to a worker of its own.
 */
export class Mates {
  /** The beginning of the tokens of this worker's sessions. */
  readonly mark: string
  /** Takes the requests that other workers pass on. */
  readonly server: Server
  readonly #id: number
  readonly #folder: string
  /** The connections of other workers. */
  readonly #passing = new WeakSet<Duplex>()
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE })

  constructor(id: number, folder: string) {
    this.#id = id
    this.#folder = folder
    this.mark = `${id}.`
    // The worker that passes a request on has the deadlines of its client.
    this.server = createServer({ keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }, (_request, response) =>
      answer(response, { status: 404 }),
    )
    this.server.on("connection", (socket) => {
      this.#passing.add(socket)
      trustWorker(socket)
      // A process that has nothing else to do ends.
      socket.unref()
    })
    this.server.listen({ path: socketPath(folder, id), exclusive: true }).unref()
  }

  /** The worker that has the session of a request, if that is another one. */
  keeperOf(request: IncomingMessage): number | undefined {
    if (request.method !== "GET" && request.method !== "POST") return undefined
    // One that was passed on already goes no further.
    if (this.#passing.has(request.socket)) return undefined
    const header = request.headers[TOKEN_HEADER]
    const token = header ?? new URLSearchParams(targetOf(request).query).get("token")
    const id = Number(/^(\d{1,9})\./.exec(String(token))?.[1] ?? this.#id)
    return id === this.#id ? undefined : id
  }

  /**
   * Has another worker answer a request.
   *
   * @param gone answers it here, if that worker has ended
   */
  pass(keeper: number, request: IncomingMessage, response: ServerResponse, gone: () => void): void {
    const passed = openRequest({
      agent: this.#agent,
      socketPath: socketPath(this.#folder, keeper),
      method: request.method,
      path: request.url,
      headers: headersToPass(request),
    })
    let isTaken = false
    const take = (): void => {
      isTaken = true
      request.pipe(passed)
    }
    passed.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", take)
      else take()
    })
    passed.once("response", (answered) => {
      response.writeHead(answered.statusCode ?? 500, withoutConnection(answered.headers))
      answered.pipe(response)
      answered.once("error", () => response.destroy())
    })
    passed.on("error", () => {
      if (response.headersSent || response.destroyed) response.destroy()
      // A GET has no body that might be gone, and begins a new session where its own has ended.
      else if (!isTaken || request.method === "GET") gone()
      else answer(response, faultAnswer(503))
    })
    request.on("error", ignore)
    response.on("error", ignore)
    // A client that gives up a poll gives it up there too.
    response.once("close", () => passed.destroy())
  }
}

/** The exit code of a process that a signal ends. */
const codeOf = (name: "SIGTERM" | "SIGINT" | "SIGHUP"): number => 128 + constants.signals[name]

/**
 * Has the worker end when the primary process says so, as if by SIGTERM, and once: from a terminal and from systemd the
 * worker gets a signal of its own too, and a second one would end it before it has drained.
 */
function obey(): void {
  let isAsked = false
  const ask = (name: "SIGTERM" | "SIGINT" | "SIGHUP"): void => {
    if (isAsked) return
    isAsked = true
    process.channel?.unref()
    // This listener takes away what Node does without one.
    if (process.listenerCount(name) === 1) process.exit(codeOf(name))
  }
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.prependListener(name, () => ask(name))
  process.on("message", (message) => {
    if (message === STOP && !isAsked) process.emit("SIGTERM", "SIGTERM")
  })
}

let own: Mates | undefined

/** The other workers, in a worker that `startWorkers` has started. */
export function ownMates(): Mates | undefined {
  const folder = process.env[FOLDER]
  const id = cluster.worker?.id
  if (own !== undefined || folder === undefined || id === undefined) return own
  own = new Mates(id, folder)
  obey()
  process.once("exit", () => rmSync(socketPath(folder, id), { force: true }))
  return own
}
