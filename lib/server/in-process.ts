import { NORMAL } from "../protocol/close-codes.js"
import type { QueryParams } from "../protocol/query.js"
import type { Frame, IncomingFrame } from "../serializer/serializer.js"
import type { EncodedBroadcast } from "./broadcast.js"
import type { ServerLink } from "./link.js"
import type { SocketProcess } from "./socket-process.js"

/** A client in the same process, without a port. */
export interface InProcessClient {
  /** As in a query: `vsn` picks the serializer. */
  readonly params: QueryParams
  readonly authToken?: string | null
  /** A frame of the server, at the moment it is sent. */
  frame(frame: Frame): void
  /** The line has ended. */
  closed(code: number): void
}

/** What such a client holds. */
export interface InProcessLine {
  send(frame: IncomingFrame): void
  close(): void
}

/** The server's end of a line in process. */
export class InProcessLink implements ServerLink {
  readonly transport = "memory"
  readonly address = undefined
  readonly #client: InProcessClient
  #owner: SocketProcess | undefined
  #open = true

  constructor(client: InProcessClient) {
    this.#client = client
  }

  /** Ties the line to its socket, and gives the client's end. */
  start(owner: SocketProcess): InProcessLine {
    this.#owner = owner
    return { send: (frame) => void owner.receive(frame), close: () => this.close(NORMAL) }
  }

  send(frame: Frame): void {
    if (this.#open) this.#client.frame(frame)
  }

  broadcast(encoded: EncodedBroadcast): boolean {
    const frame = encoded.frame()
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
