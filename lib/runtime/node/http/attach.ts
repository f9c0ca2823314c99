import { ServerResponse, type IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { TLSSocket } from "node:tls"
import type { AnyHttpServer } from "./any-http-server.js"
import type { ConnectionTable } from "./connection-table.js"
import { answer } from "./answers.js"
import { faultAnswer } from "../../../server/admission/rejection.js"
import { hasBody } from "./request-body.js"

/** Answers some paths of a server, and watches all of its connections. */
export interface RequestTaker {
  readonly connections: ConnectionTable
  /** Answers a request if it is for one of its paths, and returns whether it is. */
  request(request: IncomingMessage, response: ServerResponse): boolean
  /** Answers a request to upgrade if it is for one of its paths, and returns whether it is. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** A connection brought something that is no request, or a request that is late. Node answers it. */
  faulty(stream: Duplex, late: boolean): void
  /** The server could not accept a connection, as where the process has no files left. */
  acceptFailed(error: Error): void
}

type Emit = AnyHttpServer["emit"]

const takersOf = new WeakMap<AnyHttpServer, Set<RequestTaker>>()

/** Node hands upgrades over only where somebody listens; the work is done before the listeners are called. */
const listening = (): void => {}

/**
 * Puts an endpoint in front of a server's own listeners, whether they were added before or are added later: requests for
 * its paths never reach them, all others do. Listeners alone cannot do that, because each of them is called for each
 * request.
 */
export function attachTo(server: AnyHttpServer, taker: RequestTaker): () => void {
  const known = takersOf.get(server)
  const takers = known ?? new Set<RequestTaker>()
  takers.add(taker)
  if (known === undefined) {
    takersOf.set(server, takers)
    watch(server, takers)
    intercept(server, takers)
  }
  return () => {
    takers.delete(taker)
    taker.connections.release(server)
  }
}

function watch(server: AnyHttpServer, takers: Set<RequestTaker>): void {
  server.on("connection", (socket: Socket) => {
    for (const { connections } of takers) connections.accepted(socket, server)
  })
  server.on("secureConnection", (stream: TLSSocket) => {
    for (const { connections } of takers) connections.secured(stream, server)
  })
}

/** Tells of faults in what was sent, and not of those of the connection itself. */
function tellOfFault(error: unknown, stream: Duplex, takers: Set<RequestTaker>): void {
  const code = String((error as NodeJS.ErrnoException | null)?.code)
  const late = code === "ERR_HTTP_REQUEST_TIMEOUT"
  if (late || code.startsWith("HPE_")) for (const taker of takers) taker.faulty(stream, late)
}

const isOfAccept = (error: unknown): error is Error =>
  error instanceof Error && (error as NodeJS.ErrnoException).syscall === "accept"

/** Counts a request, and returns whether to answer it. */
function isWelcome(stream: Duplex, response: ServerResponse, takers: Set<RequestTaker>): boolean {
  let welcome = true
  for (const { connections } of takers) welcome = connections.requested(stream, response) && welcome
  return welcome
}

/** Answers a request to upgrade that nothing takes as Node would have done without us: as one without an upgrade. */
function answerAsRequest(
  request: IncomingMessage,
  socket: Duplex,
  takers: Set<RequestTaker>,
  ask: (response: ServerResponse) => boolean,
): void {
  socket.on("error", () => {})
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  try {
    response.assignSocket(socket as Socket)
  } catch {
    // The answer of an earlier request still has the connection, and nothing could be sent behind it in order.
    socket.destroy()
    return
  }
  response.on("finish", () => (socket as Socket).destroySoon())
  // Node has taken its parser away, and with it all that notices and answers the client's end of the connection.
  socket.on("end", () => socket.end())
  socket.resume()
  if (!isWelcome(socket, response, takers)) return
  // Node reads no body after it has seen that an upgrade is wanted, so that the end of this one would never be seen.
  if (hasBody(request)) answer(response, faultAnswer(400))
  else if (!ask(response)) answer(response, { status: 404 })
}

function intercept(server: AnyHttpServer, takers: Set<RequestTaker>): void {
  const emit = server.emit as (this: AnyHttpServer, ...args: unknown[]) => boolean
  server.on("upgrade", listening)
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): boolean => {
    const busy = [...takers].some(({ connections }) => connections.isBusy(socket))
    for (const { connections } of takers) connections.upgrading(socket)
    for (const taker of takers) if (taker.upgrade(request, socket, head)) return true
    if (server.listenerCount("upgrade") > 1) return false
    if (busy) socket.destroy()
    else answerAsRequest(request, socket, takers, (response) => emit.call(server, "request", request, response))
    return true
  }
  const taken = (event: unknown, args: unknown[]): boolean => {
    switch (event) {
      case "error":
        // A server goes on behind an accept that fails. Without a listener the event would end the process.
        if (!isOfAccept(args[0]) || server.listenerCount("error") > 0) return false
        for (const taker of takers) taker.acceptFailed(args[0])
        return true
      case "clientError":
        tellOfFault(args[0], args[1] as Duplex, takers)
        return false
      case "request":
      case "checkContinue": {
        const [request, response] = args as [IncomingMessage, ServerResponse]
        if (!isWelcome(request.socket, response, takers)) return true
        const ours = [...takers].some((taker) => taker.request(request, response))
        if (ours && event === "checkContinue" && !response.headersSent) response.writeContinue()
        return ours
      }
      case "upgrade":
        return upgrade(...(args as [IncomingMessage, Duplex, Buffer]))
      default:
        return false
    }
  }
  server.emit = function (this: AnyHttpServer, event: unknown, ...args: unknown[]): boolean {
    return taken(event, args) || emit.call(this, event, ...args)
  } as Emit
}
