const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

export type Frame = string | ArrayBuffer

type Handler = ((event: never) => void) | null

/** What the far end of a {@link FakeWebSocket} does. */
export interface FarEnd {
  /** A socket was made; the far end decides whether it opens. */
  connected(socket: FakeWebSocket): void
  /** The client sent a frame. */
  received(socket: FakeWebSocket, frame: Frame): void
  /** The client closed the socket. */
  closed?(socket: FakeWebSocket, code: number, reason: string): void
  /** A handler of the client threw, which a browser would report to `window.onerror`. */
  uncaught(error: unknown): void
}

/** A WebSocket without a network, in the shape that a client is given as `transport`. Events come in tasks of their own. */
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

  /** The handshake succeeds. */
  open(): void {
    if (this.readyState !== CONNECTING) return
    this.readyState = OPEN
    this.#dispatch(this.onopen, {})
  }

  /** The handshake fails, or the network does. */
  fail(ms = 0): void {
    setTimeout(() => {
      if (this.readyState === CLOSED) return
      this.readyState = CLOSED
      this.#dispatch(this.onerror, { type: "error" })
      this.#dispatch(this.onclose, { code: 1006, reason: "", wasClean: false })
    }, ms)
  }

  /** A frame from the server. */
  deliver(data: Frame): void {
    if (this.readyState === OPEN) this.#dispatch(this.onmessage, { data })
  }

  /** The server closes. */
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
