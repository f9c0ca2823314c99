import { isBytes, toUint8Array } from "../protocol/bytes.js"
import { bufferFull, RookeryError, SerializerError } from "../protocol/errors.js"
import type { IncomingFrame } from "../protocol/frame.js"
import { parseJson, stringifyJson } from "../serializer/decode-text.js"
import type { CloseInfo } from "../transport/transport.js"
import { webSocket } from "../transport/websocket.js"
import { addToBuffer, type BufferOptions } from "./bounded-buffer.js"
import { toTransport } from "./choose-transport.js"
import type { ConnectionEvents, ConnectionOptions } from "./connection-options.js"
import type { Status } from "./connection-status.js"
import { addHandler, callHandlers, keepHandlers, type HandlerList } from "./handler-list.js"
import { provide, type Provider } from "./provider.js"
import { ReconnectingLink } from "./reconnecting-link.js"
import { resolveConnectionOptions } from "./resolve-options.js"
import type { OpenedOptions } from "./socket-options.js"

/** An outgoing frame. An object, because two equal strings must be two entries of the buffer. */
interface Outgoing {
  readonly frame: string | Uint8Array
}

/** How long one request of a long-poll transport may take. */
const REQUEST_TIMEOUT_MS = 20_000

const wrapForRoom = (room: string, data: unknown): unknown => ({ room, data })

/** A plain connection that reconnects, for servers without Phoenix: text, JSON and bytes, both ways. */
export class Connection {
  readonly #url: Provider<string>
  readonly #options: ConnectionOptions & BufferOptions
  #handlers: HandlerList
  readonly #link: ReconnectingLink<string>
  readonly #waiting = new Set<Outgoing>()
  #closeInfo: CloseInfo | undefined
  #isTellingError = false

  /** @param url where to connect to; a function, which may be async, is called for every attempt */
  constructor(url: Provider<string>, options: ConnectionOptions = {}) {
    const resolved = (this.#options = resolveConnectionOptions(options))
    const { transport: given, reconnect = true, binaryType } = resolved
    const transport = given ? toTransport(given) : webSocket()
    this.#url = url
    this.#link = new ReconnectingLink<string>(
      {
        findTarget: () => provide(this.#url),
        open: (textUrl, events) =>
          transport.open(textUrl, { textUrl, binaryType, timeout: REQUEST_TIMEOUT_MS, neverPings: true }, events),
        onConnOpen: () => {
          this.#closeInfo = undefined
          for (const outgoing of this.#waiting) this.#send(outgoing)
          this.#waiting.clear()
          this.#call("open")
        },
        onConnMessage: (frame) => this.#onFrame(frame),
        onConnError: (error) => this.#tellError(error),
        onConnDown: () => {},
        onConnClose: (info) => {
          this.#closeInfo = info
          this.#call("close", info)
        },
        onConnStatus: (status, change) => this.#call("status", status, change),
        onConnSuspect: () => {},
      },
      reconnect ? resolved : { ...resolved, maxReconnectAttempts: 0 },
    )
  }

  get status(): Status {
    return this.#link.status
  }

  get isConnected(): boolean {
    return !!this.#link.link
  }

  /** How the last connection ended; `undefined` while connected. */
  get closeInfo(): CloseInfo | undefined {
    return this.#closeInfo
  }

  /**
   * Connects, and stays connected until {@link Connection.disconnect}. The promise rejects when no further attempt will
   * be made, the timeout expires or the signal is aborted; in the latter two cases the attempts continue.
   */
  connect({ timeout, signal }: OpenedOptions = {}): Promise<void> {
    this.#link.connect()
    const opened = this.#link.opened(timeout, signal)
    // A caller that does not await the promise relies on the events.
    opened.catch(() => {})
    return opened
  }

  /** Closes the connection, and stays disconnected until {@link Connection.connect} is called again. */
  disconnect(code?: number, reason?: string): Promise<void> {
    return new Promise((resolve) => this.#link.disconnect(resolve, code, reason))
  }

  /**
   * Sends strings and bytes as they are, anything else as JSON; with `room` in the envelope. While disconnected it waits
   * for the next connection.
   *
   * @throws a `BufferFullError` if too many frames wait already, a `SerializerError` for data that JSON cannot carry
   */
  send(data: unknown, { room }: { room?: string | undefined } = {}): void {
    if (room !== undefined) return this.sendTo(room, data)
    const frame = typeof data === "string" ? data : isBytes(data) ? toUint8Array(data) : stringifyJson(data)
    if (frame === undefined) {
      throw new SerializerError("unencodable", `JSON cannot carry this ${typeof data}`, "data")
    }
    const outgoing: Outgoing = { frame }
    if (this.isConnected) return this.#send(outgoing)
    const lost = addToBuffer(this.#waiting, outgoing, this.#options)
    if (lost === outgoing) throw bufferFull("the connection")
  }

  /** Sends to a room, in the envelope. */
  sendTo(room: string, data: unknown): void {
    this.send((this.#options.envelope ?? wrapForRoom)(room, data))
  }

  /** Calls back on an event. The returned function removes the callback. */
  on<E extends keyof ConnectionEvents>(event: E, callback: (...args: ConnectionEvents[E]) => void): () => void {
    const ref = {}
    this.#handlers = addHandler(this.#handlers, event, ref, callback as () => void)
    return () => {
      this.#handlers = keepHandlers(this.#handlers, (entry) => entry.ref !== ref)
    }
  }

  /** Ends everything: the connection, every timer and every listener. */
  destroy(): void {
    this.#link.disconnect()
    this.#link.abandon()
    this.#waiting.clear()
    this.#handlers = undefined
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect()
    this.destroy()
  }

  /** Reports an error that a callback threw. @internal */
  report(cause: unknown): void {
    const error = new RookeryError("handler_failed", "a callback of the connection threw an error", cause)
    if (!this.#tellError(error)) console.error(cause)
  }

  #send({ frame }: Outgoing): void {
    this.#link.link?.send(frame)
  }

  #onFrame(frame: IncomingFrame): void {
    let data: unknown = frame
    if (this.#options.json && typeof frame === "string") {
      try {
        data = parseJson(frame)
      } catch (error) {
        this.#tellError(error)
        return
      }
    }
    this.#call("message", data)
  }

  /** Returns whether the error was reported. */
  #tellError(error: unknown): boolean {
    if (this.#isTellingError) {
      // A callback of `error` that throws is not called with its own error, which could loop forever.
      console.error(error)
      return true
    }
    this.#isTellingError = true
    const wasTold = this.#call("error", error)
    this.#isTellingError = false
    return wasTold
  }

  #call<E extends keyof ConnectionEvents>(event: E, ...args: ConnectionEvents[E]): boolean {
    return callHandlers(this.#handlers, this, event, ...args)
  }
}
