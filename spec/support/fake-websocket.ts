const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

export type Frame = string | ArrayBuffer

type Handler = ((event: never) => void) | null

/** The far end of a {@link FakeWebSocket}. */
export interface FarEnd {
  /** Handles a new socket; the far end decides whether it opens. */
  connected(socket: FakeWebSocket): void
  /** Handles a frame of the client. */
  received(socket: FakeWebSocket, frame: Frame): void
  /** Handles the client's close. */
  closed?(socket: FakeWebSocket, code: number, reason: string): void
  /** Handles an error that a handler of the client threw; a browser would report it to `window.onerror`. */
  uncaught(error: unknown): void
}

/** A WebSocket without a network, in the shape of a client's `transport`. Each event comes in a separate task. */
export class FakeWebSocket {
  readyState = CONNECTING
  bufferedAmount = 0
  binaryType = "blob"
  protocol = ""
  onopen: Handler = null
  onmessage: Handler = null
  onerror: Handler = null
  onclose: Handler = null
  readonly url: string
  readonly protocols: string | string[] | undefined
  readonly #farEnd: FarEnd

  constructor(farEnd: FarEnd, url: string, protocols?: string | string[]) {
    this.#farEnd = farEnd
    this.url = url
    this.protocols = protocols
    farEnd.connected(this)
  }

  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.readyState === CONNECTING) throw new Error("InvalidStateError: still connecting")
    if (this.readyState !== OPEN) return
    this.#farEnd.received(this, typeof data === "string" ? data : copyOf(data))
  }

  close(code?: number, reason = ""): void {
    if (this.readyState >= CLOSING) return
    const opened = this.readyState === OPEN
    this.readyState = CLOSING
    if (!opened) return void this.fail(1)
    this.#farEnd.closed?.(this, code ?? 1005, reason)
    setTimeout(() => this.#end({ code: code ?? 1005, reason, wasClean: true }), 1)
  }

  /** Lets the handshake succeed. */
  open(): void {
    if (this.readyState !== CONNECTING) return
    this.readyState = OPEN
    this.#dispatch(this.onopen, {})
  }

  /** Lets the handshake or the network fail. */
  fail(ms = 0): void {
    setTimeout(() => {
      if (this.readyState === CLOSED) return
      this.readyState = CLOSED
      this.#dispatch(this.onerror, { type: "error" })
      this.#dispatch(this.onclose, { code: 1006, reason: "", wasClean: false })
    }, ms)
  }

  /** Delivers a frame from the server. */
  deliver(data: Frame): void {
    if (this.readyState === OPEN) this.#dispatch(this.onmessage, { data })
  }

  /** Closes from the server's side. */
  closeFromServer(code: number, reason = ""): void {
    this.#end({ code, reason, wasClean: code !== 1006 })
  }

  #end(event: { code: number; reason: string; wasClean: boolean }): void {
    if (this.readyState === CLOSED) return
    this.readyState = CLOSED
    this.#dispatch(this.onclose, event)
  }

  #dispatch(handler: Handler, event: object): void {
    try {
      handler?.call(this, event as never)
    } catch (error) {
      this.#farEnd.uncaught(error)
    }
  }
}

/** The class to give to a client as `transport`, bound to its far end. */
export function webSocketTo(farEnd: FarEnd): new (url: string, protocols?: string | string[]) => FakeWebSocket {
  return class WebSocket extends FakeWebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(farEnd, url, protocols)
    }
  }
}

function copyOf(data: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data
  return new Uint8Array(bytes).slice().buffer
}
