import { isUtf8 } from "node:buffer"
import {
  INVALID_TEXT,
  isSendableCloseCode,
  NO_STATUS,
  POLICY_VIOLATION,
  PROTOCOL_ERROR,
  TOO_BIG,
} from "../../../protocol/close-codes.js"
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } from "./frames.js"
import type { WebSocketLimitName } from "./surroundings.js"

/** The reason that a connection must fail, with the code of the close frame, and the limit if one was hit. */
export class ProtocolViolation extends Error {
  readonly closeCode: number
  readonly limit: WebSocketLimitName | undefined

  constructor(closeCode: number, message: string, limit?: WebSocketLimitName) {
    super(message)
    this.closeCode = closeCode
    this.limit = limit
  }
}

/** The callbacks of a receiver, called in the order of the frames. */
export interface ReceiverEvents {
  message(data: string | Uint8Array): void
  ping(data: Buffer): void
  /** The client has sent a close frame; 1005 if it has no code. */
  closed(code: number): void
}

/** The limits of a {@link WebSocketReceiver}. */
export interface ReceiverLimits {
  /** The most bytes of one frame, including its header. */
  readonly frameBytes: number
  /** The most bytes of one message: all fragments, and after inflating. */
  readonly messageBytes: number
}

/** Inflates messages, if permessage-deflate was negotiated. */
export interface MessageInflater {
  /** Inflates one message to at most `limit` bytes. */
  inflate(payload: Buffer, limit: number): Buffer
}

/** Limits how fast a receiver may read. */
export interface ReceiverPace {
  /**
   * Called for each frame, and again for the inflated message: counts its bytes, and returns whether they are allowed.
   */
  allowFrame(bytes: number, inflated: boolean): boolean
  /** Called between two frames of one chunk, with the number read so far: whether the rest has to wait. */
  shouldYield(frames: number): boolean
}

const violation = (what: string): ProtocolViolation => new ProtocolViolation(PROTOCOL_ERROR, what)
const tooMany = (): ProtocolViolation => new ProtocolViolation(POLICY_VIOLATION, "too many frames", "framesPerSecond")
const EMPTY = Buffer.alloc(0)
const MAX_CHUNKS = 256

function unmask(bytes: Buffer, at: number, end: number, mask: number): void {
  const a = mask >>> 24
  const b = (mask >>> 16) & 0xff
  const c = (mask >>> 8) & 0xff
  const d = mask & 0xff
  const whole = end - ((end - at) & 3)
  let i = at
  for (; i < whole; i += 4) {
    bytes[i] = (bytes[i] as number) ^ a
    bytes[i + 1] = (bytes[i + 1] as number) ^ b
    bytes[i + 2] = (bytes[i + 2] as number) ^ c
    bytes[i + 3] = (bytes[i + 3] as number) ^ d
  }
  if (i < end) bytes[i] = (bytes[i] as number) ^ a
  if (i + 1 < end) bytes[i + 1] = (bytes[i + 1] as number) ^ b
  if (i + 2 < end) bytes[i + 2] = (bytes[i + 2] as number) ^ c
}

/**
 * Decodes the bytes that a client sends into messages. Like Phoenix's server, and unlike a general library, it counts
 * the header in the limit of a frame, and has a separate limit for fragmented messages. Between two frames it can
 * pause, so that clients take turns. Bytes in a message are a view of the received chunk, not a copy.
 */
export class WebSocketReceiver {
  readonly #limits: ReceiverLimits
  readonly #events: ReceiverEvents
  readonly #pace: ReceiverPace | undefined
  readonly #inflater: MessageInflater | undefined
  #chunks: Buffer[] = []
  #buffered = 0
  #needed = 2
  #done = false
  #opcode = CONTINUATION
  #compressed = false
  #fragments: Buffer = EMPTY
  #fragmented = 0
  /** Whether whole frames may wait for {@link WebSocketReceiver.resume}. */
  #paused = false
  /** Whether the server has sent its close frame, so that only the client's close frame still matters. */
  #closing = false
  /** The number of complete messages so far. */
  messages = 0

  constructor(limits: ReceiverLimits, events: ReceiverEvents, pace?: ReceiverPace, inflater?: MessageInflater) {
    this.#limits = limits
    this.#events = events
    this.#pace = pace
    this.#inflater = inflater
  }

  /** The bytes of incomplete frames and messages. */
  get unfinished(): number {
    return this.#buffered + this.#fragmented
  }

  /** Whether received frames wait for {@link WebSocketReceiver.resume}. */
  get paused(): boolean {
    return this.#paused
  }

  /** Drops messages from now on, before they are inflated or checked: the server has sent its close frame. */
  expectClose(): void {
    this.#closing = true
    this.#fragments = EMPTY
    this.#fragmented = 0
  }

  /** Drops everything from now on: the client has closed, or its connection has failed. */
  stop(): void {
    this.#done = true
    this.#paused = false
    this.#chunks = []
    this.#fragments = EMPTY
    this.#buffered = this.#fragmented = 0
  }

  /**
   * Reads a received chunk. Throws a {@link ProtocolViolation} if the connection must fail. Returns whether a part of
   * the chunk waits for {@link WebSocketReceiver.resume}.
   */
  push(chunk: Buffer): boolean {
    if (this.#done) return false
    this.#buffered += chunk.length
    if (this.#buffered < this.#needed || this.#paused) {
      this.#chunks.push(chunk)
      // Joins the chunks, so that a client that sends single bytes does not cost an object for each byte.
      if (this.#chunks.length > MAX_CHUNKS) this.#chunks = [Buffer.concat(this.#chunks)]
      return this.#paused
    }
    return this.#take(chunk)
  }

  /** Reads the bytes that wait. Throws and returns as `push` does. */
  resume(): boolean {
    if (!this.#paused) return false
    this.#paused = false
    return this.#buffered >= this.#needed && this.#take(EMPTY)
  }

  #take(chunk: Buffer): boolean {
    let bytes = chunk
    if (this.#chunks.length > 0) {
      if (chunk.length > 0) this.#chunks.push(chunk)
      bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#buffered)
      this.#chunks = []
    }
    const used = this.#read(bytes)
    if (this.#done) return false
    this.#buffered = bytes.length - used
    if (this.#buffered > 0) this.#chunks.push(used === 0 ? bytes : bytes.subarray(used))
    return this.#paused
  }

  /** Reads whole frames, and returns their bytes. Sets `#needed` to the least number of bytes of the next frame. */
  #read(bytes: Buffer): number {
    const { frameBytes } = this.#limits
    const pace = this.#pace
    let at = 0
    for (let frames = 0; ; frames++) {
      const left = bytes.length - at
      if (left < 2) return this.#wait(at, 2)
      if (frames > 0 && pace?.shouldYield(frames)) {
        this.#paused = true
        return this.#wait(at, 2)
      }
      const first = bytes[at] as number
      const second = bytes[at + 1] as number
      const opcode = first & 0x0f
      const final = (first & 0x80) !== 0
      if ((second & 0x80) === 0) throw violation("a frame without a mask")
      this.#checkHeader(first, opcode, final, second & 0x7f)
      let length = second & 0x7f
      let header = 6
      if (length === 126) {
        header = 8
        if (left < header) return this.#wait(at, header)
        length = bytes.readUInt16BE(at + 2)
      } else if (length === 127) {
        header = 14
        if (left < header) return this.#wait(at, header)
        length = bytes.readUInt32BE(at + 2) * 0x1_0000_0000 + bytes.readUInt32BE(at + 6)
      }
      if (length + header > frameBytes) throw new ProtocolViolation(TOO_BIG, "a frame over the limit", "frameBytes")
      if (left < header + length) return this.#wait(at, header + length)
      if (pace !== undefined && !pace.allowFrame(length, false)) throw tooMany()
      const start = at + header
      at = start + length
      unmask(bytes, start, at, bytes.readUInt32BE(start - 4))
      this.#frame(opcode, final, (first & 0x40) !== 0, length === 0 ? EMPTY : bytes.subarray(start, at))
      if (this.#done) return at
    }
  }

  #wait(at: number, needed: number): number {
    this.#needed = needed
    return at
  }

  #checkHeader(first: number, opcode: number, final: boolean, length: number): void {
    const compressed = (first & 0x40) !== 0
    if ((first & 0x30) !== 0) throw violation("a reserved bit is set")
    if (compressed && (this.#inflater === undefined || (opcode !== TEXT && opcode !== BINARY))) {
      throw violation("a compressed frame that was not agreed on")
    }
    if (opcode >= CLOSE) {
      if (opcode > PONG) throw violation("an unknown opcode")
      if (!final || length > 125) throw violation("a control frame that is too long, or a fragment")
    } else if (opcode > BINARY) {
      throw violation("an unknown opcode")
    } else if ((opcode === CONTINUATION) !== (this.#opcode !== CONTINUATION)) {
      throw violation("a fragment without its message, or a message within another")
    }
  }

  #frame(opcode: number, final: boolean, compressed: boolean, payload: Buffer): void {
    switch (opcode) {
      case PING:
        this.#events.ping(payload)
        return
      case PONG:
        return
      case CLOSE:
        this.#close(payload)
        return
      case CONTINUATION:
        this.#fragment(final, payload)
        return
      default:
        if (final) this.#message(opcode, compressed, payload)
        else {
          this.#opcode = opcode
          this.#compressed = compressed
          this.#fragment(false, payload)
        }
    }
  }

  #fragment(final: boolean, payload: Buffer): void {
    if (this.#closing) {
      if (final) this.#opcode = CONTINUATION
      return
    }
    const length = this.#fragmented + payload.length
    if (length > this.#limits.messageBytes) {
      throw new ProtocolViolation(TOO_BIG, "a message over the limit", "messageBytes")
    }
    if (length > this.#fragments.length) {
      // Grows by doubling, which needs neither an object nor a copy of all bytes for each fragment.
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#fragments.length))
      larger.set(this.#fragments.subarray(0, this.#fragmented))
      this.#fragments = larger
    }
    this.#fragments.set(payload, this.#fragmented)
    this.#fragmented = length
    if (!final) return
    const whole = this.#fragments.subarray(0, length)
    const opcode = this.#opcode
    this.#opcode = CONTINUATION
    this.#fragments = EMPTY
    this.#fragmented = 0
    this.#message(opcode, this.#compressed, whole)
  }

  #message(opcode: number, compressed: boolean, payload: Buffer): void {
    this.messages++
    if (this.#closing) return
    let data = payload
    if (compressed && this.#inflater !== undefined) {
      data = this.#inflater.inflate(payload, this.#limits.messageBytes)
      if (this.#pace !== undefined && !this.#pace.allowFrame(data.length, true)) throw tooMany()
    }
    if (opcode === BINARY) return this.#events.message(data)
    if (!isUtf8(data)) throw new ProtocolViolation(INVALID_TEXT, "text that is not UTF-8")
    this.#events.message(data.toString("utf8"))
  }

  #close(payload: Buffer): void {
    if (payload.length === 1) throw violation("a close frame of one byte")
    const code = payload.length === 0 ? NO_STATUS : payload.readUInt16BE(0)
    if (payload.length > 0 && !isSendableCloseCode(code)) throw violation("a close code that may not be sent")
    if (!isUtf8(payload.subarray(2))) throw new ProtocolViolation(INVALID_TEXT, "a close reason that is not UTF-8")
    this.stop()
    this.#events.closed(code)
  }
}
