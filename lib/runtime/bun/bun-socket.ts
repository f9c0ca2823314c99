import type { Frame } from "../../serializer/serializer.js"
import type { Runtime } from "../../server/api/runtime.js"
import type { Encoding } from "../../server/api/shared-frame.js"
import { TEXT_OR_BYTES, type PlatformSocket } from "../messages/platform-socket.js"
import type { BunWebSocket } from "./bun-types.js"

/** Writes what is sent in one turn of the event loop at its end, one write for each client. */
export class BunWrites {
  readonly #runtime: Pick<Runtime, "atEndOfTurn">
  #sockets: BunSocket[] = []

  constructor(runtime: Pick<Runtime, "atEndOfTurn">) {
    this.#runtime = runtime
  }

  /** Has a socket written at the end of the turn. */
  add(socket: BunSocket): void {
    if (this.#sockets.push(socket) === 1) this.#runtime.atEndOfTurn(this.#flush)
  }

  readonly #flush = (): void => {
    const sockets = this.#sockets
    this.#sockets = []
    for (const socket of sockets) socket.flush()
  }
}

/** Carries the messages of a websocket of Bun. */
export class BunSocket implements PlatformSocket<Frame> {
  readonly encoding: Encoding<Frame> = TEXT_OR_BYTES
  readonly #socket: BunWebSocket
  readonly #writes: BunWrites
  readonly #compress: boolean
  #pending: (string | Uint8Array)[] = []
  #pendingBytes = 0

  constructor(socket: BunWebSocket, writes: BunWrites, compress: boolean) {
    this.#socket = socket
    this.#writes = writes
    this.#compress = compress
  }

  get bufferedAmount(): number {
    return this.#socket.getBufferedAmount() + this.#pendingBytes
  }

  send(data: string | Uint8Array): void {
    this.#pendingBytes += data.length
    if (this.#pending.push(data) === 1) this.#writes.add(this)
  }

  sendForm(form: Frame): void {
    this.send(form)
  }

  close(code: number, reason: string): void {
    this.flush()
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#pending = []
    this.#pendingBytes = 0
    this.#socket.terminate()
  }

  /** Hands everything that waits to Bun, which writes it at once. */
  flush(): void {
    const pending = this.#pending
    if (pending.length === 0) return
    this.#pending = []
    this.#pendingBytes = 0
    if (pending.length === 1) return void this.#socket.send(pending[0] as string | Uint8Array, this.#compress)
    this.#socket.cork(() => {
      for (const data of pending) this.#socket.send(data, this.#compress)
    })
  }
}
