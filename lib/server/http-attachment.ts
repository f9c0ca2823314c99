import { ServerResponse, type IncomingMessage, type Server as HttpServer } from "node:http"
import type { Server as HttpsServer } from "node:https"
import type { Socket } from "node:net"
import { Server as TlsServer } from "node:tls"
import type { Duplex } from "node:stream"
import { answer, faultAnswer } from "./http-answers.js"
import { hasBody } from "./request-body.js"

/** A server that an endpoint can be attached to. */
export type AnyHttpServer = HttpServer | HttpsServer

/** Whoever answers some paths of a server. Both say whether the request was theirs. */
export interface RequestTaker {
  request(request: IncomingMessage, response: ServerResponse): boolean
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** A line was opened, for whomever. */
  opened(line: Socket): void
  /** A request has come from a line, for whomever, maybe behind one that has no answer yet. Whether to answer it. */
  asked(line: Socket, behind: boolean): boolean
  /** What came from a line is no request, or is late; Node answers it. */
  faulty(line: Socket, late: boolean): void
}

type Emit = AnyHttpServer["emit"]

const takersOf = new WeakMap<AnyHttpServer, Set<RequestTaker>>()

/** Node only asks for upgrades where somebody listens; the work is done before listeners are called. */
const listening = (): void => {}

/**
 * Puts an endpoint in front of a server's own listeners, whether they were added before or are added later: its paths
 * never reach them, all others do. Listeners alone cannot do that, because each of them is called for each request.
 */
export function attachTo(server: AnyHttpServer, taker: RequestTaker): () => void {
  const known = takersOf.get(server)
  const takers = known ?? new Set<RequestTaker>()
  takers.add(taker)
  if (known === undefined) {
    takersOf.set(server, takers)
    intercept(server, takers)
  }
  return () => {
    takers.delete(taker)
  }
}

/** Faults of what was sent; those of the line itself are nobody's. */
function tellOfFault(error: unknown, line: Socket, takers: Set<RequestTaker>): void {
  const code = String((error as NodeJS.ErrnoException | null)?.code)
  const late = code === "ERR_HTTP_REQUEST_TIMEOUT"
  if (late || code.startsWith("HPE_")) for (const taker of takers) taker.faulty(line, late)
}

/** Nobody else takes upgrades, so the request goes where Node would have sent it without us. */
function answerAsRequest(request: IncomingMessage, socket: Socket, ask: (response: ServerResponse) => boolean): void {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  socket.on("error", () => {})
  response.assignSocket(socket)
  response.on("finish", () => socket.destroySoon())
  // Node reads no body once it saw that an upgrade is wanted, so that nobody would ever see its end.
  if (hasBody(request)) answer(response, faultAnswer(400))
  else if (!ask(response)) answer(response, { status: 404 })
}

function intercept(server: AnyHttpServer, takers: Set<RequestTaker>): void {
  const emit = server.emit as (this: AnyHttpServer, ...args: unknown[]) => boolean
  server.on("upgrade", listening)
  const opening = server instanceof TlsServer ? "secureConnection" : "connection"
  const taken = (event: unknown, args: unknown[]): boolean => {
    const request = args[0] as IncomingMessage
    switch (event) {
      case opening:
        for (const taker of takers) taker.opened(args[0] as Socket)
        return false
      case "clientError":
        tellOfFault(args[0], args[1] as Socket, takers)
        return false
      case "request":
      case "checkContinue": {
        const response = args[1] as ServerResponse
        // Node ties an answer to its line once those before it have gone.
        const behind = response.socket === null
        let welcome = true
        for (const taker of takers) welcome = taker.asked(request.socket, behind) && welcome
        if (!welcome) return true
        const ours = [...takers].some((taker) => taker.request(request, response))
        if (ours && event === "checkContinue" && !response.headersSent) response.writeContinue()
        return ours
      }
      case "upgrade": {
        const socket = args[1] as Duplex
        for (const taker of takers) taker.asked(request.socket, false)
        for (const taker of takers) if (taker.upgrade(request, socket, args[2] as Buffer)) return true
        if (server.listenerCount("upgrade") > 1) return false
        answerAsRequest(request, socket as Socket, (response) => emit.call(server, "request", request, response))
        return true
      }
      default:
        return false
    }
  }
  server.emit = function (this: AnyHttpServer, event: unknown, ...args: unknown[]): boolean {
    return taken(event, args) || emit.call(this, event, ...args)
  } as Emit
}
