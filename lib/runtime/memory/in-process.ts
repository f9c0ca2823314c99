import { AUTH_TOKEN_HEADER, authTokenHeader } from "../../protocol/auth-token.js"
import { NORMAL } from "../../protocol/close-codes.js"
import { ConnectError } from "../../protocol/errors.js"
import { encodeQuery } from "../../protocol/query.js"
import type { Frame, IncomingFrame } from "../../serializer/serializer.js"
import type { Admitted, Arrival } from "../../server/api/arrival.js"
import type { ServerLink, SocketEnd } from "../../server/api/server-link.js"
import { withoutSlash } from "../../server/admission/entrances.js"
import { Rejection } from "../../server/admission/rejection.js"
import type { SharedFrame } from "../../server/api/shared-frame.js"
import type { ServerSocket } from "../../server/api/socket.js"

/** A client in the same process, without a port. */
export interface InProcessClient {
  /**
   * The path of the socket to connect to, such as `/socket`.
   *
   * @default the endpoint's own path
   */
  readonly path?: string | undefined
  /** The query of its URL: text, or params to encode. The param `vsn` selects the serializer. */
  readonly params: object | string
  readonly authToken?: string | null
  /**
   * The request that is passed to `connect`.
   *
   * @default none
   */
  readonly request?: unknown
  /**
   * The client's IP address.
   *
   * @default none
   */
  readonly address?: string | undefined
  /** Called with each frame from the server as soon as it is sent. */
  frame(frame: Frame): void
  /** Called when the connection has ended. */
  closed(code: number): void
}

/** The connection of a client in the same process. */
export interface InProcessConnection {
  /** The server's socket for this client. */
  readonly socket: ServerSocket
  send(frame: IncomingFrame): void
  /** Closes the connection, by default with code 1000. */
  close(code?: number): void
}

/** The server's end of a connection in process. */
class InProcessLink implements ServerLink {
  readonly transport = "memory"
  readonly address: string | undefined
  readonly #client: InProcessClient
  readonly #leave: () => void
  #end: SocketEnd | undefined
  #open = true

  constructor(client: InProcessClient, leave: () => void) {
    this.#client = client
    this.#leave = leave
    this.address = client.address
  }

  start(end: SocketEnd): void {
    this.#end = end
  }

  send(frame: Frame): void {
    if (this.#open) this.#give(frame)
  }

  broadcast(shared: SharedFrame): boolean {
    const frame = shared.frame()
    if (frame === undefined || !this.#open) return false
    this.#give(frame)
    return true
  }

  close(code: number): void {
    if (!this.#open) return
    this.#open = false
    try {
      this.#client.closed(code)
    } catch (error) {
      // Before `fail`, so that the connection ends with the requested code.
      this.#end?.closed(code)
      this.#end?.fail(error)
    }
    this.#end?.closed(code)
    this.#leave()
  }

  /** Passes a frame to the client. If the client throws, a broadcast must still reach the other clients. */
  #give(frame: Frame): void {
    try {
      this.#client.frame(frame)
    } catch (error) {
      this.#end?.fail(error)
    }
  }
}

/** `Arrival.header` is called with names in lower case. */
const TOKEN_HEADER = AUTH_TOKEN_HEADER.toLowerCase()

/** Describes the client to the core. The auth token is in the same header as over long-poll. */
function arrivalOf(client: InProcessClient, path: string): Arrival {
  const { params, request, address } = client
  const authToken = client.authToken ?? undefined
  return {
    transport: "memory",
    path,
    query: typeof params === "string" ? params : encodeQuery(params),
    address,
    request,
    header: (name) => (authToken !== undefined && name === TOKEN_HEADER ? authTokenHeader(authToken) : undefined),
  }
}

/** The part of an endpoint that an in-process client needs. */
export interface InProcessHost {
  /** The path of its sockets. */
  readonly path: string
  admit(arrival: Arrival): Promise<Admitted | Rejection>
}

/** Connects a client of this process. Throws a `ConnectError` if the endpoint refuses it. */
export async function connectInProcess(endpoint: InProcessHost, client: InProcessClient): Promise<InProcessConnection> {
  const path = client.path === undefined ? endpoint.path : withoutSlash(client.path)
  const admitted = await endpoint.admit(arrivalOf(client, path))
  if (admitted instanceof Rejection) throw new ConnectError(`refused: ${admitted.reason}`, admitted.answer.status)
  const link = new InProcessLink(client, admitted.leave)
  const end = admitted.open(link)
  link.start(end)
  return {
    // Always defined, because the transport "memory" does not reach gateways.
    socket: end.socket as ServerSocket,
    send: (frame) => end.receive(frame),
    close: (code = NORMAL) => link.close(code),
  }
}
