import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http"
import type { Server as HttpsServer } from "node:https"
import type { Duplex } from "node:stream"
import { answerUpgrade } from "./http-answers.js"

/** A server that an endpoint can be attached to. */
export type AnyHttpServer = HttpServer | HttpsServer

/** Whoever answers some paths of a server. Both say whether the request was theirs. */
export interface RequestTaker {
  request(request: IncomingMessage, response: ServerResponse): boolean
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
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

function intercept(server: AnyHttpServer, takers: Set<RequestTaker>): void {
  const emit = server.emit as (this: AnyHttpServer, ...args: unknown[]) => boolean
  server.on("upgrade", listening)
  const taken = (event: unknown, args: unknown[]): boolean => {
    const request = args[0] as IncomingMessage
    switch (event) {
      case "request":
      case "checkContinue": {
        const response = args[1] as ServerResponse
        const ours = [...takers].some((taker) => taker.request(request, response))
        if (ours && event === "checkContinue" && !response.headersSent) response.writeContinue()
        return ours
      }
      case "upgrade": {
        const socket = args[1] as Duplex
        for (const taker of takers) if (taker.upgrade(request, socket, args[2] as Buffer)) return true
        if (server.listenerCount("upgrade") > 1) return false
        // Nobody else would ever answer it.
        socket.on("error", () => {})
        answerUpgrade(socket, { status: 404 })
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
