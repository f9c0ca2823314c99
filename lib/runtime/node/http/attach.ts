import { ServerResponse, type IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { TLSSocket } from "node:tls"
import { faultAnswer } from "../../../server/admission/rejection.js"
import { answer } from "./answers.js"
import type { AnyHttpServer } from "./any-http-server.js"
import type { ConnectionTable } from "./connection-table.js"
import { guardListeners, type Listener, type ListenerGuard } from "./listener-guard.js"
import { hasBody } from "./request-body.js"

/** An endpoint, from the view of a server: answers some paths, and watches all connections. */
export interface RequestTaker {
  readonly connections: ConnectionTable
  /** Answers a request for one of its paths. Returns `false` for any other request. */
  request(request: IncomingMessage, response: ServerResponse): boolean
  /** Answers a request to upgrade for one of its paths. Returns `false` for any other request. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** A connection sent a malformed request, or a request did not arrive in time. */
  faulty(stream: Duplex, late: boolean): void
  /** The server could not accept a connection, for example because the process has no file descriptors left. */
  acceptFailed(error: Error): void
}

const attachments = new WeakMap<AnyHttpServer, Attachment>()

/**
 * Lets an endpoint answer the requests for its paths on a server, by adding listeners. The server's other listeners,
 * also those that are added later, get all other requests. Returns the function that detaches the endpoint.
 */
export function attachTo(server: AnyHttpServer, taker: RequestTaker): () => void {
  let attachment = attachments.get(server)
  if (attachment === undefined) {
    attachment = new Attachment(server)
    attachments.set(server, attachment)
  }
  return attachment.add(taker)
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code)

const isLate = (error: unknown): boolean => codeOf(error) === "ERR_HTTP_REQUEST_TIMEOUT"

const isOfAccept = (error: unknown): error is Error =>
  error instanceof Error && (error as NodeJS.ErrnoException).syscall === "accept"

/** The status with which Node itself answers a malformed or late request. */
function faultStatus(error: unknown): string {
  if (isLate(error)) return "408 Request Timeout"
  if (codeOf(error) === "HPE_HEADER_OVERFLOW") return "431 Request Header Fields Too Large"
  if (codeOf(error) === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return "413 Payload Too Large"
  return "400 Bad Request"
}

/** The listeners of all endpoints on one server. */
class Attachment {
  readonly #server: AnyHttpServer
  readonly #takers = new Set<RequestTaker>()
  readonly #listeners: readonly [event: string, listener: Listener][]
  /** Requests that an endpoint answers. The server's other listeners do not get them. */
  readonly #taken = new WeakSet<object>()
  readonly #requests: ListenerGuard
  readonly #guards: readonly ListenerGuard[]
  /** The unfinished answers of each connection. */
  readonly #answers = new WeakMap<Duplex, Set<ServerResponse>>()

  constructor(server: AnyHttpServer) {
    this.#server = server
    this.#listeners = [
      ["connection", (socket) => this.#connected(socket as Socket)],
      ["secureConnection", (stream) => this.#secured(stream as TLSSocket)],
      ["clientError", (error, stream) => this.#faulty(error, stream as Duplex)],
      ["error", (error) => this.#failed(error)],
    ]
    for (const [event, listener] of this.#listeners) server.on(event, listener)
    const isTaken = (request: unknown): boolean => this.#taken.has(request as object)
    this.#requests = guardListeners(server, "request", isTaken, (...args) =>
      this.#requested(args[0] as IncomingMessage, args[1] as ServerResponse),
    )
    this.#guards = [
      this.#requests,
      guardListeners(server, "checkContinue", isTaken, (...args) =>
        this.#continued(args[0] as IncomingMessage, args[1] as ServerResponse),
      ),
      guardListeners(server, "upgrade", isTaken, (...args) =>
        this.#upgraded(args[0] as IncomingMessage, args[1] as Duplex, args[2] as Buffer),
      ),
    ]
  }

  add(taker: RequestTaker): () => void {
    this.#takers.add(taker)
    return () => {
      if (!this.#takers.delete(taker)) return
      taker.connections.release(this.#server)
      if (this.#takers.size === 0) this.#end()
    }
  }

  #end(): void {
    attachments.delete(this.#server)
    for (const [event, listener] of this.#listeners) this.#server.off(event, listener)
    for (const guard of this.#guards) guard.end()
  }

  #connected(socket: Socket): void {
    for (const { connections } of this.#takers) connections.accepted(socket, this.#server)
  }

  #secured(stream: TLSSocket): void {
    for (const { connections } of this.#takers) connections.secured(stream, this.#server)
  }

  /**
   * Reports malformed and late requests, but not network errors. Answers as Node does if there is no other listener.
   */
  #faulty(error: unknown, stream: Duplex): void {
    if (isLate(error) || codeOf(error).startsWith("HPE_")) {
      for (const taker of this.#takers) taker.faulty(stream, isLate(error))
    }
    if (this.#server.listenerCount("clientError") > 1) return
    const isAnswering = [...(this.#answers.get(stream) ?? [])].some(({ headersSent }) => headersSent)
    if (stream.writable && !isAnswering) stream.write(`HTTP/1.1 ${faultStatus(error)}\r\nConnection: close\r\n\r\n`)
    stream.destroy(error as Error)
  }

  /**
   * Reports a failed accept, after which the server goes on. Throws any other error if it has no listener, as Node
   * does.
   */
  #failed(error: unknown): void {
    if (this.#server.listenerCount("error") > 1) return
    if (!isOfAccept(error)) throw error
    for (const taker of this.#takers) taker.acceptFailed(error)
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#isWelcome(request.socket, response) || this.#take(request, response)) this.#taken.add(request)
  }

  /** Handles `Expect: 100-continue`. With a listener for this event, Node does not send `100 Continue` by itself. */
  #continued(request: IncomingMessage, response: ServerResponse): void {
    const hasOthers = this.#server.listenerCount("checkContinue") > 1
    if (!this.#isWelcome(request.socket, response)) this.#taken.add(request)
    else if (this.#take(request, response)) {
      this.#taken.add(request)
      if (!response.headersSent) response.writeContinue()
    } else if (!hasOthers) {
      response.writeContinue()
      this.#requests.pass(request, response)
    }
  }

  #upgraded(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isBusy = [...this.#takers].some(({ connections }) => connections.isBusy(socket))
    for (const { connections } of this.#takers) connections.upgrading(socket)
    for (const taker of this.#takers) {
      if (!taker.upgrade(request, socket, head)) continue
      this.#taken.add(request)
      return
    }
    if (this.#server.listenerCount("upgrade") > 1) return
    if (isBusy) socket.destroy()
    else this.#answerAsRequest(request, socket)
  }

  /**
   * Answers a request to upgrade that has no other listener as Node does without one: as a request without an upgrade.
   */
  #answerAsRequest(request: IncomingMessage, socket: Duplex): void {
    socket.on("error", () => {})
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    try {
      response.assignSocket(socket as Socket)
    } catch {
      // An earlier request still has the connection for its answer; a second answer could not be sent in order.
      socket.destroy()
      return
    }
    response.on("finish", () => (socket as Socket).destroySoon())
    // Node has detached its parser, which otherwise handles the end of the client's half of the connection.
    socket.on("end", () => socket.end())
    socket.resume()
    if (!this.#isWelcome(socket, response)) return
    // Node reads no body after the header `Upgrade`, so the end of this body would never be seen.
    if (hasBody(request)) answer(response, faultAnswer(400))
    else if (!this.#requests.pass(request, response)) answer(response, { status: 404 })
  }

  /** Counts a request, and returns whether to answer it. */
  #isWelcome(stream: Duplex, response: ServerResponse): boolean {
    // Node still passes on the other requests of a packet whose connection was cut. One packet may have hundreds of them.
    if (stream.destroyed) return false
    const answers = this.#answers.get(stream) ?? new Set()
    this.#answers.set(stream, answers.add(response))
    response.once("close", () => answers.delete(response))
    let isWelcome = true
    for (const { connections } of this.#takers) isWelcome = connections.requested(stream, response) && isWelcome
    return isWelcome
  }

  #take(request: IncomingMessage, response: ServerResponse): boolean {
    for (const taker of this.#takers) if (taker.request(request, response)) return true
    return false
  }
}
