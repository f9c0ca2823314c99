import { isBytes, toUint8Array } from "../protocol/bytes.js"
import type { Clock } from "../protocol/clock.js"
import { bufferFull, RookeryError, SerializerError } from "../protocol/errors.js"
import type { BinaryType, IncomingFrame } from "../protocol/frame.js"
import { parseJson, stringifyJson } from "../serializer/decode-text.js"
import type { CloseInfo } from "../transport/transport.js"
import { webSocket } from "../transport/websocket.js"
import { bind, callBindings, rebind, type Bindings } from "./bindings.js"
import { Reconnector, type ReconnectPolicy, type Status, type StatusChange } from "./reconnector.js"
import { lineOptions, provide, toTransport, type Provider, type TransportOption } from "./socket-options.js"
import { keep, type BufferOptions, type WhenFull } from "./outbox.js"

/** Options of a {@link Connection}. */
export interface ConnectionOptions {
  /**
   * Whether to connect again when the line breaks.
   *
   * @default true
   */
  reconnect?: boolean | undefined
  /** How long to wait before the nth attempt in a row, or `false` to give up. @default as for a `Socket` */
  reconnectAfterMs?: ReconnectPolicy | undefined
  /** After how many failed attempts in a row to give up. @default Infinity */
  maxReconnectAttempts?: number | undefined
  /** Parses incoming text as JSON. @default false */
  json?: boolean | undefined
  /** How `sendTo` and `{ room }` wrap what goes to a room. @default (room, data) => ({ room, data }) */
  envelope?: ((room: string, data: unknown) => unknown) | undefined
  /** The way to the server. @default webSocket() */
  transport?: TransportOption | undefined
  /** How many frames may wait for the line. @default 1000 */
  bufferSize?: number | undefined
  /** What a full buffer does: turn the new frame away, or give up the oldest. @default "refuse" */
  whenFull?: WhenFull | undefined
  /** How the platform hands over bytes. @default "arraybuffer" */
  binaryType?: BinaryType | undefined
  /** Whether to follow the page, as a `Socket` does. @default true */
  pageEvents?: boolean | undefined
  /** Where time comes from. */
  clock?: Clock | undefined
  /** Where chance comes from: a number from 0 to 1. @default Math.random */
  random?: (() => number) | undefined
}

/** What a {@link Connection} tells, by event. */
export type ConnectionEvents = {
  open: []
  /** A string, bytes, or with `{ json: true }` whatever the text says. */
  message: [data: unknown]
  close: [info: CloseInfo]
  error: [error: unknown]
  status: [status: Status, change: StatusChange]
}

type Outgoing = string | Uint8Array

const wrap = (room: string, data: unknown): unknown => ({ room, data })

/** A plain line that stays connected, for servers that speak no Phoenix: text, JSON and bytes, both ways. */
export class Connection {
  readonly #url: Provider<string>
  readonly #options: ConnectionOptions & BufferOptions
  #bindings: Bindings
  readonly #line: Reconnector<string>
  readonly #waiting = new Set<[frame: Outgoing]>()
  #close: CloseInfo | undefined

  /** @param url where to connect to; a function is asked anew for every attempt, and may be async */
  constructor(url: Provider<string>, options: ConnectionOptions = {}) {
    const resolved = (this.#options = lineOptions(options))
    const { transport, reconnect = true, binaryType } = resolved
    const way = transport ? toTransport(transport) : webSocket()
    this.#url = url
    this.#line = new Reconnector<string>(
      {
        findTarget: () => provide(this.#url),
        open: (target, events) => way.open(target, { textUrl: target, binaryType, timeout: 20_000 }, events),
        onConnOpen: () => {
          this.#close = undefined
          for (const [frame] of this.#waiting) this.#send(frame)
          this.#waiting.clear()
          this.#tell("open")
        },
        onConnMessage: (frame) => this.#frame(frame),
        onConnError: (error) => this.#tell("error", error),
        onConnDown: () => {},
        onConnClose: (info) => {
          this.#close = info
          this.#tell("close", info)
        },
        onConnStatus: (status, change) => this.#tell("status", status, change),
        onConnSuspect: () => {},
      },
      reconnect ? resolved : { ...resolved, maxReconnectAttempts: 0 },
    )
  }

  get status(): Status {
    return this.#line.status
  }

  get isConnected(): boolean {
    return !!this.#line.link
  }

  /** How the last line ended; `undefined` while there is one. */
  get closeInfo(): CloseInfo | undefined {
    return this.#close
  }

  /** Connects, and stays connected until {@link Connection.disconnect}. Rejects when the trying has ended. */
  connect(): Promise<void> {
    this.#line.connect()
    const opened = this.#line.opened()
    // Who does not wait is told by the events.
    opened.catch(() => {})
    return opened
  }

  /** Ends the connection, and stays disconnected until {@link Connection.connect} is called again. */
  disconnect(code?: number, reason?: string): Promise<void> {
    return new Promise((resolve) => this.#line.disconnect(resolve, code, reason))
  }

  /**
   * Sends: strings and bytes as they are, anything else as JSON; to a room in the envelope. Without a line it waits for
   * the next one.
   *
   * @throws a `BufferFullError` if too much waits already, a `SerializerError` for what JSON cannot carry
   */
  send(data: unknown, { room }: { room?: string | undefined } = {}): void {
    if (room !== undefined) return this.sendTo(room, data)
    const frame = typeof data === "string" ? data : isBytes(data) ? toUint8Array(data) : stringifyJson(data)
    if (frame === undefined) throw new SerializerError("unencodable", "no JSON for this", "data")
    if (this.isConnected) return this.#send(frame)
    const entry: [Outgoing] = [frame]
    const lost = keep(this.#waiting, entry, this.#options)
    if (lost === entry) throw bufferFull("the connection")
  }

  /** Sends to a room, in the envelope. */
  sendTo(room: string, data: unknown): void {
    this.send((this.#options.envelope ?? wrap)(room, data))
  }

  /** Calls back at an event. The returned function takes the callback off. */
  on<E extends keyof ConnectionEvents>(event: E, callback: (...args: ConnectionEvents[E]) => void): () => void {
    const ref = {}
    this.#bindings = bind(this.#bindings, event, ref, callback as () => void)
    return () => {
      this.#bindings = rebind(this.#bindings, (binding) => binding.ref !== ref)
    }
  }

  /** Ends everything: the line, every timer and every listener. */
  destroy(): void {
    this.#line.disconnect()
    this.#line.abandon()
    this.#waiting.clear()
    this.#bindings = undefined
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disconnect()
    this.destroy()
  }

  #send(frame: Outgoing): void {
    this.#line.link?.send(frame)
  }

  #frame(frame: IncomingFrame): void {
    let data: unknown = frame
    if (this.#options.json && typeof frame === "string") {
      try {
        data = parseJson(frame)
      } catch (error) {
        this.#tell("error", error)
        return
      }
    }
    this.#tell("message", data)
  }

  #tell<E extends keyof ConnectionEvents>(event: E, ...args: ConnectionEvents[E]): boolean {
    return callBindings(this.#bindings, this, event, ...args)
  }

  /** Tells of a callback that threw. @internal */
  report(cause: unknown): void {
    if (!this.#tell("error", new RookeryError("handler_failed", "a callback threw", cause))) console.error(cause)
  }
}
