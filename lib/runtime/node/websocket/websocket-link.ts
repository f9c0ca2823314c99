import type { Duplex } from "node:stream"
import {
  ABNORMAL,
  NO_STATUS,
  NORMAL,
  POLICY_VIOLATION,
  PROTOCOL_ERROR,
  TRY_AGAIN_LATER,
} from "../../../protocol/close-codes.js"
import { encodingOf, Inflater, type AgreedDeflate } from "./deflate.js"
import { frameBytes, frameClose, PLAIN, PONG } from "./frames.js"
import { ProtocolViolation, WebSocketReceiver, type ReceiverEvents, type ReceiverPace } from "./receiver.js"
import type {
  Bucket,
  Encoding,
  HeldMemory,
  Holder,
  Reader,
  SharedMessage,
  TurnTaking,
  WebSocketLimits,
  WebSocketUser,
  Worker,
} from "./surroundings.js"
import { NO_FRAMES, type BatchTarget, type FrameChain, type WriteBatch } from "./write-batch.js"

/** Options of a {@link WebSocketLink}. */
export interface WebSocketLinkOptions {
  readonly socket: Duplex
  readonly address: string | undefined
  readonly limits: WebSocketLimits
  readonly batch: WriteBatch
  readonly turns: TurnTaking
  readonly held: HeldMemory
  /** Set if permessage-deflate was negotiated. */
  readonly deflate: AgreedDeflate | undefined
  /** Whether a close frame of the client is answered with the client's code instead of 1000. */
  readonly echoClose: boolean
  /** Makes the token bucket for the frames of a client. */
  makeBucket(perSecond: number, burst: number): Bucket
}

const now = (): number => performance.now()
const ignore = (): void => {}

/** The longest time that the frames of one client are read at once. */
const SLICE_MS = 1
/** Frames over this size count as several, because their cost grows with their size. Inflating has the lower limit. */
const LARGE = 16_384
const LARGE_INFLATED = 1024
/** Chunks up to this size bypass the fairness queue: ordinary clients never exceed it. */
const UNQUEUED_CHUNK_BYTES = 4096
/** Chunks up to this size are not timed before their second frame, because one frame in them is read quickly. */
const UNTIMED_CHUNK_BYTES = 512
/** The value of `#begun` without an incomplete message. */
const NONE = -1
/** The value of `#begun` if the incomplete message has taken longer than `messageMs`. */
const LATE = -2

/**
 * A websocket after its handshake. All frames of one turn of the event loop are sent in one write, and the frame of a
 * broadcast is the same buffer for all sockets.
 */
export class WebSocketLink implements BatchTarget, Holder, Reader, ReceiverEvents, ReceiverPace, Worker {
  readonly transport = "websocket"
  readonly address: string | undefined
  pending: FrameChain = NO_FRAMES
  readonly #socket: Duplex
  readonly #limits: WebSocketLimits
  readonly #batch: WriteBatch
  readonly #turns: TurnTaking
  readonly #held: HeldMemory
  readonly #echoClose: boolean
  readonly #makeBucket: WebSocketLinkOptions["makeBucket"]
  readonly #receiver: WebSocketReceiver
  /** The form of messages for this client: plain or deflated. */
  readonly #encoding: Encoding<Buffer>
  #user: WebSocketUser | undefined
  #timer: NodeJS.Timeout | undefined
  #frames: Bucket | undefined
  #sliceBegan = 0
  /** The time at which the incomplete message began, and the number of messages before it. */
  #begun = NONE
  #before = 0
  /** The bytes for this client alone that were written since the queue was last empty. */
  #alone = 0
  #pausedAt = 0
  /** Whether the next chunk has waited for its turn already. */
  #mayRead = false
  /** Whether the last frame was sent. */
  #closing = false
  #over = false
  readonly #onData = (chunk: Buffer): void => this.#receive(chunk)

  constructor(options: WebSocketLinkOptions) {
    const { socket, address, limits, batch, turns, held, deflate, echoClose, makeBucket } = options
    this.#socket = socket
    this.address = address
    this.#limits = limits
    this.#batch = batch
    this.#turns = turns
    this.#held = held
    this.#echoClose = echoClose
    this.#makeBucket = makeBucket
    this.#encoding = deflate === undefined ? PLAIN : encodingOf(deflate)
    this.#receiver = new WebSocketReceiver(limits, this, this, deflate === undefined ? undefined : new Inflater())
    if (limits.idleMs !== Infinity) this.#timer = setTimeout(() => this.#idle(), limits.idleMs)
  }

  /** Begins to read, and passes messages to the user. `head` has the bytes that arrived with the handshake. */
  start(user: WebSocketUser, head: Buffer): void {
    this.#user = user
    const socket = this.#socket
    socket.on("data", this.#onData)
    // Frames that wait for their turn arrived before the end of the stream, so they are read first.
    socket.on("end", () => this.#receiver.paused || this.#endOfStream())
    // An error is followed by the event "close", which is handled.
    socket.on("error", ignore)
    socket.on("close", () => this.#gone())
    if (head.length > 0) this.#receive(head)
    if (socket.destroyed) this.#gone()
  }

  message(data: string | Uint8Array): void {
    this.#user?.receive(data)
  }

  ping(data: Buffer): void {
    this.#write(frameBytes(PONG, data))
  }

  /** Handles the close frame of the client, its last frame. */
  closed(code: number): void {
    if (!this.#closing) {
      const answer = code === NO_STATUS ? undefined : code
      // Phoenix's server answers every close frame with code 1000.
      this.#batch.add(this, frameClose(this.#echoClose ? answer : NORMAL))
      this.#leave(code)
    }
    this.#finish()
  }

  send(frame: string | Uint8Array): void {
    this.#write(this.#encoding.encode(frame, typeof frame === "string"))
  }

  broadcast(shared: SharedMessage): boolean {
    if (this.#over && this.#limits.slowClient === "drop" && this.#isOver()) return false
    const wire = shared.as(this.#encoding)
    if (wire === undefined) return false
    this.#write(wire)
    return true
  }

  close(code: number, reason?: string): void {
    this.#sendClose(code, reason)
  }

  flush(): void {
    const run = this.pending
    this.pending = NO_FRAMES
    const socket = this.#socket
    if (run === NO_FRAMES || socket.destroyed || socket.writableEnded) return
    if (socket.writableLength === 0) this.#alone = 0
    this.#alone += run.claim()
    const buffers = run.buffers()
    if (buffers.length === 1) {
      socket.write(buffers[0] as Buffer)
    } else {
      socket.cork()
      for (const buffer of buffers) socket.write(buffer)
      socket.uncork()
    }
    if (socket.writableLength === 0) return
    if (socket.writableLength > this.#limits.queuedBytes) this.#tooSlow()
    this.#held.note(this)
  }

  /** The bytes of an incomplete message, those that wait to be read, and those that wait for this client alone. */
  get heldBytes(): number {
    return this.#receiver.unfinished + this.#socket.readableLength + Math.min(this.#alone, this.#socket.writableLength)
  }

  giveUp(): void {
    this.#user?.limitHit("heldBytes")
    this.#cut()
  }

  work(): boolean {
    if (this.#begun === LATE) {
      return this.#violated(new ProtocolViolation(POLICY_VIOLATION, "a message that takes too long", "messageMs"))
    }
    if (this.#read(undefined)) return true
    if (this.#socket.readableEnded) this.#endOfStream()
    else this.#turns.readLater(this)
    return false
  }

  readAgain(): void {
    this.#mayRead = true
    // The time that the client had to wait does not count towards `messageMs`.
    if (this.#begun !== NONE) this.#begun += now() - this.#pausedAt
    this.#socket.resume()
  }

  allowFrame(bytes: number, inflated: boolean): boolean {
    const { framesPerSecond, frameBurst } = this.#limits
    if (framesPerSecond === Infinity) return true
    this.#frames ??= this.#makeBucket(framesPerSecond, frameBurst)
    const large = inflated ? LARGE_INFLATED : LARGE
    return this.#frames.take(bytes > large ? Math.ceil(bytes / large) : 1)
  }

  shouldYield(frames: number): boolean {
    // A small chunk is not timed before its second frame.
    if (frames > 1 || this.#sliceBegan > 0) return now() - this.#sliceBegan > SLICE_MS
    this.#sliceBegan = now()
    return false
  }

  #write(wire: Buffer): void {
    if (!this.#closing) this.#batch.add(this, wire)
  }

  #receive(chunk: Buffer): void {
    // Data that arrives after the server's close frame does not extend the deadline for the close.
    if (!this.#closing) this.#timer?.refresh()
    const isLarge = chunk.length > UNQUEUED_CHUNK_BYTES
    if (isLarge && !this.#mayRead && this.#turns.isFull(chunk.length)) return this.#putBack(chunk)
    this.#mayRead = false
    if (!this.#read(chunk)) return
    this.#pause()
    this.#turns.add(this)
  }

  #pause(): void {
    this.#socket.pause()
    this.#pausedAt = now()
  }

  /**
   * Leaves a chunk to a later turn. The socket takes it back, because a socket that is paused without one in its buffer
   * reads on until it has: with hundreds of clients that is as much work as the chunks themselves.
   */
  #putBack(chunk: Buffer): void {
    this.#pause()
    this.#socket.unshift(chunk)
    this.#held.note(this)
    this.#turns.readLater(this)
  }

  /** Reads a chunk, or without one the bytes that wait. Returns whether some bytes still wait for their turn. */
  #read(chunk: Buffer | undefined): boolean {
    const receiver = this.#receiver
    this.#sliceBegan = chunk === undefined || chunk.length > UNTIMED_CHUNK_BYTES ? now() : 0
    try {
      if (chunk === undefined ? receiver.resume() : receiver.push(chunk)) return true
      if (receiver.unfinished > 0) this.#wait()
      else this.#begun = NONE
    } catch (error) {
      if (error instanceof ProtocolViolation) return this.#violated(error)
      this.#user?.fail(error)
      // After an error within a frame the receiver does not know where the next frame begins.
      this.#finish()
    }
    return false
  }

  #idle(): void {
    this.#user?.limitHit("idleMs")
    this.#sendClose(PROTOCOL_ERROR)
  }

  /** Fails the connection (RFC 6455, 7.1.7): sends a close frame and ends TCP at once. */
  #violated({ closeCode, limit }: ProtocolViolation): false {
    if (limit !== undefined && !this.#closing) this.#user?.limitHit(limit)
    this.#sendClose(closeCode)
    this.#finish()
    return false
  }

  /** A message is incomplete. It must arrive within `messageMs`, because its bytes are held here. */
  #wait(): void {
    const { messages } = this.#receiver
    if (this.#begun === NONE || this.#before !== messages) {
      this.#begun = now()
      this.#before = messages
    } else if (now() - this.#begun > this.#limits.messageMs && !this.#closing) this.#tooLate()
    this.#held.note(this)
  }

  /** Fails the connection, in turns with others: clients that began at the same time are late at the same time. */
  #tooLate(): void {
    this.#begun = LATE
    if (!this.#turns.mustWait()) return void this.work()
    this.#pause()
    this.#turns.add(this)
  }

  #isOver(): boolean {
    this.#over = this.#socket.writableLength + this.pending.length > this.#limits.queuedBytes
    return this.#over
  }

  #tooSlow(): void {
    const { queuedBytes, slowClient } = this.#limits
    if (this.#closing) return
    if (!this.#over) this.#user?.limitHit("queuedBytes")
    this.#over = true
    // Broadcasts are skipped, but replies would still grow for a client that pushes and does not read.
    if (slowClient === "drop" && this.#socket.writableLength <= 2 * queuedBytes) return
    this.#cut()
  }

  #cut(): void {
    this.#sendClose(TRY_AGAIN_LATER)
    // A client that does not read will not read the close frame either, and the queued bytes must not stay.
    this.#socket.destroy()
  }

  /** Sends a close frame, and waits for the client's. */
  #sendClose(code: number, reason?: string): void {
    if (this.#closing) return
    this.#batch.add(this, frameClose(code, reason))
    this.#leave(code)
  }

  /** Handles the end of the client's half of TCP. Without a close frame before it, the client has gone abnormally. */
  #endOfStream(): void {
    if (!this.#closing) this.#leave(ABNORMAL)
    this.#finish()
  }

  /** Sends all that waits, and nothing after it. Tells the user of the end now, and gives TCP `closeMs` to end. */
  #leave(code: number): void {
    this.#closing = true
    this.flush()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#limits.closeMs)
    this.#receiver.expectClose()
    this.#user?.closed(code)
  }

  /** Ends the server's half of TCP. Bytes that the client still sends are read and dropped. */
  #finish(): void {
    const socket = this.#socket
    this.#receiver.stop()
    this.#turns.remove(this)
    socket.off("data", this.#onData)
    socket.resume()
    socket.end()
  }

  #gone(): void {
    clearTimeout(this.#timer)
    this.#closing = true
    this.#receiver.stop()
    this.#turns.remove(this)
    this.#held.forget(this)
    this.pending = NO_FRAMES
    this.#user?.closed(ABNORMAL)
  }
}
