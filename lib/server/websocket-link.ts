import type { Duplex } from "node:stream"
import { ABNORMAL, NORMAL, PROTOCOL_ERROR, TOO_BIG, TRY_AGAIN_LATER } from "../protocol/close-codes.js"
import type { Limits } from "../protocol/limits.js"
import type { Frame } from "../serializer/serializer.js"
import type { SocketLimits } from "./context.js"
import type { LinkOwner, ServerLink, SharedFrame } from "./link.js"
import { deflate, Inflater } from "./websocket-deflate.js"
import { BINARY, frameBytes, frameClose, frameMessage, PONG, TEXT } from "./websocket-frames.js"
import { ProtocolViolation, WebSocketReceiver } from "./websocket-receiver.js"
import type { BatchTarget, Run, WriteBatch } from "./write-batch.js"

/** What a {@link WebSocketLink} is made of. */
export interface WebSocketLinkOptions {
  readonly socket: Duplex
  readonly address: string | undefined
  readonly limits: SocketLimits
  readonly batch: WriteBatch
  /** Whether permessage-deflate was agreed on. */
  readonly deflate: boolean
  /** Told of a limit that this client hit. */
  onLimit(limit: keyof Limits): void
}

/**
 * A websocket after its handshake. What is sent in one turn of the event loop leaves in one write, and a broadcast's
 * frame is the same buffer on every socket.
 */
export class WebSocketLink implements ServerLink, BatchTarget {
  readonly transport = "websocket"
  readonly address: string | undefined
  pending: Run | undefined
  readonly #socket: Duplex
  readonly #options: WebSocketLinkOptions
  readonly #receiver: WebSocketReceiver
  #owner: LinkOwner | undefined
  #timer: NodeJS.Timeout | undefined
  #closing = false
  #over = false

  constructor(options: WebSocketLinkOptions) {
    this.#options = options
    this.#socket = options.socket
    this.address = options.address
    const inflater = options.deflate ? new Inflater() : undefined
    const { frameBytes: frame, messageBytes, idleMs } = options.limits
    this.#receiver = new WebSocketReceiver(
      {
        frameBytes: frame,
        messageBytes,
        ...(inflater && { inflate: (payload: Buffer, limit: number) => inflater.inflate(payload, limit) }),
      },
      {
        message: (data) => this.#owner?.receive(data),
        ping: (data) => this.#write(frameBytes(PONG, data)),
        // Phoenix's server answers every close with 1000.
        closed: (code) => this.#end(NORMAL, code),
      },
    )
    if (idleMs !== Infinity) this.#timer = setTimeout(() => this.#end(PROTOCOL_ERROR), idleMs)
  }

  /** Begins to listen, now that there is somebody to tell. `head` came along with the handshake. */
  start(owner: LinkOwner, head: Buffer): void {
    this.#owner = owner
    const socket = this.#socket
    socket.on("data", (chunk: Buffer) => this.#receive(chunk))
    socket.on("end", () => socket.end())
    // The close event that follows says all there is to say.
    socket.on("error", () => {})
    socket.on("close", () => this.#gone())
    if (head.length > 0) this.#receive(head)
    if (socket.destroyed) this.#gone()
  }

  send(frame: Frame): void {
    if (!this.#options.deflate) return this.#write(frameMessage(frame))
    const [opcode, payload] = typeof frame === "string" ? [TEXT, Buffer.from(frame)] : [BINARY, frame]
    this.#write(frameBytes(opcode, deflate(payload), true))
  }

  broadcast(shared: SharedFrame): boolean {
    if (this.#over && this.#options.limits.slowClient === "drop" && this.#isOver()) return false
    const wire = this.#options.deflate ? shared.deflated() : shared.wire()
    if (wire === undefined) return false
    this.#write(wire)
    return true
  }

  close(code: number, reason?: string): void {
    this.#end(code, undefined, reason)
  }

  flush(): void {
    const run = this.pending
    this.pending = undefined
    const socket = this.#socket
    if (run === undefined || socket.destroyed || socket.writableEnded) return
    const buffers = run.buffers()
    if (buffers.length === 1) {
      socket.write(buffers[0] as Buffer)
    } else {
      socket.cork()
      for (const buffer of buffers) socket.write(buffer)
      socket.uncork()
    }
    if (socket.writableLength > this.#options.limits.queuedBytes) this.#tooSlow()
  }

  #write(wire: Buffer): void {
    if (!this.#closing) this.#options.batch.add(this, wire)
  }

  #receive(chunk: Buffer): void {
    this.#timer?.refresh()
    try {
      this.#receiver.push(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) return this.#owner?.fail(error)
      if (error.closeCode === TOO_BIG) this.#options.onLimit("frameBytes")
      this.#end(error.closeCode)
    }
  }

  #isOver(): boolean {
    this.#over = this.#socket.writableLength + (this.pending?.length ?? 0) > this.#options.limits.queuedBytes
    return this.#over
  }

  #tooSlow(): void {
    if (this.#over) return
    this.#over = true
    this.#options.onLimit("queuedBytes")
    if (this.#options.limits.slowClient === "drop") return
    this.#end(TRY_AGAIN_LATER)
    // Whoever does not read will not read the close frame either, and what is queued must not stay.
    this.#socket.destroy()
  }

  /** Sends the close frame and waits for the client's, or ends the line if this was the answer to it. */
  #end(code: number, answerTo?: number, reason?: string): void {
    if (this.#closing) {
      if (answerTo !== undefined) this.#socket.end()
      return
    }
    this.#options.batch.add(this, frameClose(code, reason))
    this.#closing = true
    this.flush()
    clearTimeout(this.#timer)
    if (answerTo !== undefined) this.#socket.end()
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#options.limits.closeMs)
    this.#owner?.closed(answerTo ?? code)
  }

  #gone(): void {
    clearTimeout(this.#timer)
    this.#closing = true
    this.#receiver.stop()
    this.pending = undefined
    this.#owner?.closed(ABNORMAL)
  }
}
