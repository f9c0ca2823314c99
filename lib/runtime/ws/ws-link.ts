import type { Duplex } from "node:stream"
import { ABNORMAL, closeReason, POLICY_VIOLATION, PROTOCOL_ERROR, TRY_AGAIN_LATER } from "../../protocol/close-codes.js"
import type { Frame } from "../../serializer/serializer.js"
import type { ServerLink, SocketEnd } from "../../server/api/server-link.js"
import type { Encoding, SharedFrame } from "../../server/api/shared-frame.js"
import type { SocketLimits } from "../../server/api/socket-limits.js"
import type { Holder } from "../../server/limits/held-bytes.js"
import { TokenBucket } from "../../server/limits/token-bucket.js"
import type { Reader } from "../../server/limits/turns.js"
import type { TransportServices } from "../../server/process/services.js"
import type { WsSocket } from "./ws-types.js"

/** Messages over this size count as several in `framesPerSecond`. */
const LARGE = 16_384
/** Messages up to this size are read at once and do not take turns with other clients. */
const SMALL = 4096

/** A message in the form for `ws`, with text encoded once for all clients that get it. */
interface Prepared {
  readonly data: Uint8Array
  readonly binary: boolean
}

const PREPARED: Encoding<Prepared> = {
  encode: (data, text) => ({ data: typeof data === "string" ? Buffer.from(data) : data, binary: !text }),
}

/** Options of a {@link WsLink}. */
export interface WsLinkOptions {
  readonly ws: WsSocket
  /** The TCP connection below it. It is corked, so that the frames of one turn of the event loop are one write. */
  readonly socket: Duplex
  readonly address: string | undefined
  readonly limits: SocketLimits
  readonly services: TransportServices
}

/** A connection whose handshake and frames are handled by the package `ws`. */
export class WsLink implements ServerLink, Holder, Reader {
  readonly transport = "websocket"
  readonly address: string | undefined
  readonly #options: WsLinkOptions
  #end: SocketEnd | undefined
  #bucket: TokenBucket | undefined
  #idle: unknown
  #lastFrameAt = 0
  #closing: unknown
  #isCorked = false
  #isSlow = false
  #isClosed = false

  constructor(options: WsLinkOptions) {
    this.#options = options
    this.address = options.address
  }

  start(end: SocketEnd): void {
    this.#end = end
    const { ws } = this.#options
    ws.on("message", (data, isBinary) => this.#receive(data, isBinary))
    ws.on("ping", (data) => void this.#allow(data.length))
    ws.on("pong", (data) => void this.#allow(data.length))
    ws.on("error", (error) => this.#failed(error))
    ws.on("close", (code) => this.#gone(code))
    const { limits, services } = this.#options
    this.#lastFrameAt = services.runtime.clock.now()
    if (limits.idleMs !== Infinity) this.#waitForFrames(limits.idleMs)
  }

  send(frame: Frame): void {
    if (this.#isClosed) return
    this.#cork()
    this.#options.ws.send(frame, { binary: typeof frame !== "string" })
  }

  broadcast(shared: SharedFrame): boolean {
    if (this.#isClosed) return false
    const { limits, ws } = this.#options
    if (this.#isSlow && limits.slowClient === "drop") {
      this.#isSlow = ws.bufferedAmount > limits.queuedBytes
      if (this.#isSlow) return false
    }
    const prepared = shared.as(PREPARED)
    if (prepared === undefined) return false
    this.#cork()
    ws.send(prepared.data, { binary: prepared.binary })
    return true
  }

  close(code: number, reason = ""): void {
    if (this.#isClosed) return
    this.#leave()
    this.#options.ws.close(code, closeReason(reason))
  }

  /** The bytes that the client has not read. The bytes of an incomplete message are not included: `ws` hides them. */
  get heldBytes(): number {
    return this.#options.ws.bufferedAmount
  }

  giveUp(): void {
    this.#end?.limitHit("heldBytes")
    this.#cut()
  }

  readAgain(): void {
    this.#options.ws.resume()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!this.#allow(data.length)) return
    const { services, ws } = this.#options
    if (data.length > SMALL && services.turns.isFull(data.length)) {
      // This message is read already; the next one has to wait.
      ws.pause()
      services.turns.readLater(this)
    }
    this.#end?.receive(isBinary ? data : data.toString())
  }

  /** Counts a frame, and restarts the time of `idleMs`. */
  #allow(bytes: number): boolean {
    if (this.#isClosed) return false
    this.#lastFrameAt = this.#options.services.runtime.clock.now()
    const { framesPerSecond, frameBurst } = this.#options.limits
    if (framesPerSecond === Infinity) return true
    this.#bucket ??= new TokenBucket(framesPerSecond, frameBurst)
    if (this.#bucket.take(Math.max(1, Math.ceil(bytes / LARGE)))) return true
    this.#end?.limitHit("framesPerSecond")
    this.#shut(POLICY_VIOLATION)
    return false
  }

  /** Ends the connection after `idleMs` without a frame. A frame only sets `#lastFrameAt`; no timer is restarted. */
  #waitForFrames(ms: number): void {
    const { limits, services } = this.#options
    const { clock } = services.runtime
    this.#idle = clock.setTimeout(() => {
      const left = this.#lastFrameAt + limits.idleMs - clock.now()
      if (left > 0) return this.#waitForFrames(left)
      this.#end?.limitHit("idleMs")
      this.#shut(PROTOCOL_ERROR)
    }, ms)
  }

  /** Holds written frames back until the end of this turn of the event loop. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    const { services, socket } = this.#options
    socket.cork()
    services.runtime.atEndOfTurn(() => {
      this.#isCorked = false
      socket.uncork()
      this.#checkQueue()
    })
  }

  #checkQueue(): void {
    const { limits, services, ws } = this.#options
    if (this.#isClosed || ws.bufferedAmount === 0) return
    services.held.note(this)
    if (ws.bufferedAmount <= limits.queuedBytes) return
    if (!this.#isSlow) this.#end?.limitHit("queuedBytes")
    this.#isSlow = true
    // Broadcasts are skipped, but replies would still grow for a client that pushes and does not read.
    if (limits.slowClient === "close" || ws.bufferedAmount > 2 * limits.queuedBytes) this.#cut()
  }

  /** `ws` closes the connection after an error of its receiver, with the code that fits. */
  #failed(error: Error): void {
    const isTooLarge = (error as NodeJS.ErrnoException).code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"
    if (isTooLarge && !this.#isClosed) this.#end?.limitHit("messageBytes")
  }

  /** Closes the connection, and tells the core. */
  #shut(code: number): void {
    if (this.#isClosed) return
    this.close(code)
    this.#end?.closed(code)
  }

  #cut(): void {
    this.#shut(TRY_AGAIN_LATER)
    // A client that does not read will not read the close frame either, and the queued bytes must not stay.
    this.#options.ws.terminate()
  }

  /** Stops sending and receiving, and gives TCP `closeMs` to end. */
  #leave(): void {
    this.#isClosed = true
    const { limits, services, ws } = this.#options
    const { clock } = services.runtime
    clock.clearTimeout(this.#idle)
    services.turns.remove(this)
    ws.resume()
    this.#closing = clock.setTimeout(() => ws.terminate(), limits.closeMs)
  }

  #gone(code: number): void {
    const { services } = this.#options
    const wasClosed = this.#isClosed
    this.#isClosed = true
    services.runtime.clock.clearTimeout(this.#idle)
    services.runtime.clock.clearTimeout(this.#closing)
    services.turns.remove(this)
    services.held.forget(this)
    if (!wasClosed) this.#end?.closed(code === 0 ? ABNORMAL : code)
  }
}
