import {
  ABNORMAL,
  closeReason,
  NO_STATUS,
  POLICY_VIOLATION,
  PROTOCOL_ERROR,
  TOO_BIG,
  TRY_AGAIN_LATER,
} from "../../protocol/close-codes.js"
import type { Frame } from "../../serializer/serializer.js"
import type { Admitted } from "../../server/api/arrival.js"
import type { ServerLink, SocketEnd } from "../../server/api/server-link.js"
import type { SharedFrame } from "../../server/api/shared-frame.js"
import type { Holder } from "../../server/limits/held-bytes.js"
import { countOf } from "../../server/limits/frame-count.js"
import { TokenBucket } from "../../server/limits/token-bucket.js"
import type { Reader, Worker } from "../../server/limits/turns.js"
import type { TransportServices } from "../../server/process/services.js"
import { isLongerThan } from "../../server/support/is-longer-than.js"
import type { PlatformSocket } from "./platform-socket.js"

/** Messages up to this size are handled at once, even while other clients send large ones. */
const SMALL = 4096

/** Whether a message is longer than a limit; text is counted in UTF-8. */
const isLonger = (data: string | Uint8Array, bytes: number): boolean =>
  typeof data === "string" ? isLongerThan(data, bytes) : data.length > bytes

/** The parts of an admission that a link needs. */
type Opening = Pick<Admitted, "limits" | "open" | "leave">

/** A connection on a platform that does the handshake and the frames itself. */
export class MessageLink implements ServerLink, Holder, Reader, Worker {
  readonly transport = "websocket"
  readonly address: string | undefined
  readonly #socket: PlatformSocket
  readonly #admitted: Opening
  readonly #services: TransportServices
  readonly #end: SocketEnd
  /** Messages that wait for their turn among other clients' large ones. */
  #waiting: (string | Uint8Array)[] = []
  #waitingBytes = 0
  #bucket: TokenBucket | undefined
  #idle: unknown
  #closing: unknown
  #lastFrameAt: number
  #isChecked = false
  #isSlow = false
  #isClosed = false
  /** The close code of an ended connection whose earlier messages still wait for their turn. */
  #over: number | undefined

  constructor(socket: PlatformSocket, address: string | undefined, admitted: Opening, services: TransportServices) {
    this.#socket = socket
    this.address = address
    this.#admitted = admitted
    this.#services = services
    this.#lastFrameAt = services.runtime.clock.now()
    this.#end = admitted.open(this)
    const { idleMs } = admitted.limits
    if (idleMs !== Infinity && !this.#isClosed) this.#waitForFrames(idleMs)
  }

  send(frame: Frame): void {
    if (this.#isClosed || this.#over !== undefined) return
    this.#socket.send(frame)
    this.#checkLater()
  }

  broadcast(shared: SharedFrame): boolean {
    if (this.#isClosed || this.#over !== undefined) return false
    const { queuedBytes, slowClient } = this.#admitted.limits
    if (this.#isSlow && slowClient === "drop") {
      this.#isSlow = this.#socket.bufferedAmount > queuedBytes
      if (this.#isSlow) return false
    }
    const form = shared.as(this.#socket.encoding)
    if (form === undefined) return false
    this.#socket.sendForm(form)
    this.#checkLater()
    return true
  }

  close(code: number, reason = ""): void {
    if (this.#isClosed) return
    this.#leave()
    if (this.#over !== undefined) return this.#release()
    this.#socket.close(code, closeReason(reason))
    const { clock } = this.#services.runtime
    this.#closing = clock.setTimeout(() => this.#socket.terminate(), this.#admitted.limits.closeMs)
  }

  /** Handles a message of the client. */
  receive(data: string | Uint8Array): void {
    if (!this.allowFrame(data.length)) return
    if (isLonger(data, this.#admitted.limits.messageBytes)) return this.tooLong()
    const { turns, held } = this.#services
    if (this.#waiting.length === 0 && !(data.length > SMALL && turns.isFull(data.length))) {
      return this.#end.receive(data)
    }
    if (this.#waiting.push(data) === 1) this.#socket.pause?.()
    this.#waitingBytes += data.length
    held.note(this)
    turns.add(this)
  }

  /** Counts a message, a ping or a pong of the client, and restarts the idle period. */
  allowFrame(bytes: number): boolean {
    if (this.#isClosed) return false
    this.#lastFrameAt = this.#services.runtime.clock.now()
    const { framesPerSecond, frameBurst } = this.#admitted.limits
    if (framesPerSecond === Infinity) return true
    this.#bucket ??= new TokenBucket(framesPerSecond, frameBurst)
    if (this.#bucket.take(countOf(bytes))) return true
    this.#end.limitHit("framesPerSecond")
    this.#shut(POLICY_VIOLATION)
    return false
  }

  /** Closes the connection of a client whose message is over the limit. */
  tooLong(): void {
    if (this.#isClosed) return
    this.#end.limitHit("messageBytes")
    this.#shut(TOO_BIG)
  }

  /** Handles the end of the connection, with the code of the client's close frame. */
  closed(code: number = ABNORMAL): void {
    const { clock } = this.#services.runtime
    clock.clearTimeout(this.#closing)
    if (this.#isClosed) return this.#release()
    clock.clearTimeout(this.#idle)
    this.#over = code === 0 ? NO_STATUS : code
    // A client may send its last messages and close; messages that wait for their turn are still handled.
    if (this.#waiting.length === 0) this.#finish(this.#over)
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#socket.terminate()
  }

  /** Bytes that the client has not read, and bytes of its own messages that wait for their turn. */
  get heldBytes(): number {
    return this.#waitingBytes + (this.#over === undefined ? this.#socket.bufferedAmount : 0)
  }

  giveUp(): void {
    this.#end.limitHit("heldBytes")
    this.#cut()
  }

  work(): boolean {
    const data = this.#waiting.shift()
    if (data === undefined) return false
    this.#waitingBytes -= data.length
    this.#end.receive(data)
    if (this.#waiting.length > 0) return true
    // The message may have ended the connection itself.
    if (this.#isClosed) return false
    if (this.#over !== undefined) this.#finish(this.#over)
    else if (this.#socket.resume) this.#services.turns.readLater(this)
    return false
  }

  readAgain(): void {
    this.#socket.resume?.()
  }

  /** Ends the connection after `idleMs` without a frame. A frame only sets `#lastFrameAt`; no timer is restarted. */
  #waitForFrames(ms: number): void {
    const { clock } = this.#services.runtime
    this.#idle = clock.setTimeout(() => {
      const left = this.#lastFrameAt + this.#admitted.limits.idleMs - clock.now()
      if (left > 0) return this.#waitForFrames(left)
      this.#end.limitHit("idleMs")
      this.#shut(PROTOCOL_ERROR)
    }, ms)
  }

  /** Checks the queue at the end of the turn, because a broadcast must not lose subscribers while it iterates them. */
  #checkLater(): void {
    if (this.#isChecked || this.#socket.bufferedAmount === 0) return
    this.#isChecked = true
    this.#services.runtime.atEndOfTurn(() => {
      this.#isChecked = false
      this.#checkQueue()
    })
  }

  #checkQueue(): void {
    const { queuedBytes, slowClient } = this.#admitted.limits
    const { bufferedAmount } = this.#socket
    if (this.#isClosed || this.#over !== undefined || bufferedAmount === 0) return
    this.#services.held.note(this)
    if (bufferedAmount <= queuedBytes) return
    if (!this.#isSlow) this.#end.limitHit("queuedBytes")
    this.#isSlow = true
    // Broadcasts are dropped, but replies to a client that pushes and does not read would pile up.
    if (slowClient === "close" || bufferedAmount > 2 * queuedBytes) this.#cut()
  }

  /** Closes the connection, and notifies the core. */
  #shut(code: number): void {
    if (this.#isClosed) return
    this.close(code)
    this.#end.closed(code)
  }

  #cut(): void {
    this.#shut(TRY_AGAIN_LATER)
    // A client that does not read will not read the close frame either, and its queue must be freed.
    if (this.#over === undefined) this.#socket.terminate()
  }

  /** Cleans up once the connection has ended and all its messages are handled. */
  #finish(code: number): void {
    this.#leave()
    this.#end.closed(code)
    this.#release()
  }

  /** Releases the connection's slot and its share of the memory limit. */
  #release(): void {
    this.#services.held.forget(this)
    this.#admitted.leave()
  }

  /** Stops sending and receiving, and drops waiting messages. */
  #leave(): void {
    this.#isClosed = true
    this.#services.runtime.clock.clearTimeout(this.#idle)
    this.#services.turns.remove(this)
    this.#waiting = []
    this.#waitingBytes = 0
  }
}
