import type { IncomingMessage } from "node:http"
import { NORMAL } from "../protocol/close-codes.js"
import type { Frame, IncomingFrame } from "../serializer/serializer.js"
import type { ServerLink } from "./link.js"
import type { SharedFrame } from "./shared-frame.js"
import type { SocketProcess } from "./socket-process.js"
import type { ServerSocket } from "./socket.js"

/** A client in the same process, without a port. */
export interface InProcessClient {
  /**
   * Which of the endpoint's sockets it connects to, as `/socket`.
   *
   * @default the endpoint's own
   */
  readonly path?: string | undefined
  /** The query of its URL, as text or as params that are made into one; `vsn` picks the serializer. */
  readonly params: object | string
  readonly authToken?: string | null
  /** What `connect` is shown as the HTTP request; there is none by default. */
  readonly request?: IncomingMessage | undefined
  /** Where it says it is; nowhere by default. */
  readonly address?: string | undefined
  /** A frame of the server, at the moment it is sent. */
  frame(frame: Frame): void
  /** The line has ended. */
  closed(code: number): void
}

/** What such a client holds. */
export interface InProcessLine {
  /** The server's end. */
  readonly socket: ServerSocket
  send(frame: IncomingFrame): void
  /** Ends the line, with 1000 unless another code is given. */
  close(code?: number): void
}

/** The server's end of a line in process. */
export class InProcessLink implements ServerLink {
  readonly transport = "memory"
  readonly address: string | undefined
  readonly #client: InProcessClient
  #owner: SocketProcess | undefined
  #open = true

  constructor(client: InProcessClient) {
    this.#client = client
    this.address = client.address
  }

  /** Ties the line to its socket, and gives the client's end. */
  start(owner: SocketProcess): InProcessLine {
    this.#owner = owner
    return {
      socket: owner,
      send: (frame) => void owner.receive(frame),
      close: (code = NORMAL) => this.close(code),
    }
  }

  send(frame: Frame): void {
    if (this.#open) this.#client.frame(frame)
  }

  broadcast(shared: SharedFrame): boolean {
    const frame = shared.frame()
    if (frame === undefined || !this.#open) return false
    this.#client.frame(frame)
    return true
  }

  close(code: number): void {
    if (!this.#open) return
    this.#open = false
    this.#client.closed(code)
    this.#owner?.closed(code)
  }
}
