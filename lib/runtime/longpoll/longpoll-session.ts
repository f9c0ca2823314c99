import { GOING_AWAY, POLICY_VIOLATION, SERVICE_RESTART, TRY_AGAIN_LATER } from "../../protocol/close-codes.js"
import { toBase64 } from "../../protocol/base64.js"
import type { Frame } from "../../serializer/serializer.js"
import type { SocketLimits } from "../../server/api/socket-limits.js"
import type { HeldBytes, Holder } from "../../server/limits/held-bytes.js"
import type { ServerLink, SocketEnd } from "../../server/api/server-link.js"
import type { Encoding, SharedFrame } from "../../server/api/shared-frame.js"
import { TokenBucket } from "../../server/limits/token-bucket.js"
import type { Runtime } from "../../server/api/runtime.js"

/** What a poll brings: 200 with messages, or 204 after a window without any. */
export type PollAnswer = (status: 200 | 204, messages: readonly string[]) => void

/** A line of a request that is no frame. */
export interface BadLine {
  /** Which line of the body, counted from 1. */
  readonly line: number
  readonly error: string
}

/** An answer that was handed to the platform, and may not have been read. */
interface Unread {
  /** Ends its connection. */
  drop(): void
}

/** What a {@link LongPollSession} is made of. */
export interface LongPollSessionOptions {
  readonly token: string
  readonly address: string | undefined
  readonly limits: SocketLimits
  readonly held: HeldBytes
  readonly runtime: Pick<Runtime, "atEndOfTurn" | "clock">
  /** The session has ended, and its token leads nowhere. */
  onEnd(): void
}

/** A frame as a member of an answer's JSON. */
const asMessage = (frame: Frame): string => (typeof frame === "string" ? frame : toBase64(frame))

/** Made once for all sessions that get the same bytes. */
const BASE64: Encoding<string> = { encode: asMessage }

/** A client has one; another is on its way when it gave up on the first. */
const MAX_POLLS = 4

/** A line made of requests: keeps what is to be told until somebody asks. */
export class LongPollSession implements ServerLink, Holder {
  readonly transport = "longpoll"
  readonly token: string
  readonly address: string | undefined
  readonly #options: LongPollSessionOptions
  /** When the client last asked, or took an answer. */
  #activeAt: number
  #inactive: unknown
  readonly #unread = new Set<Unread>()
  #unreadBytes = 0
  #socket: SocketEnd | undefined
  #messages: string[] = []
  #bytes = 0
  /** Of these, those of messages that others do not get too. */
  #alone = 0
  #frames: TokenBucket | undefined
  #poll: PollAnswer | undefined
  /** All that wait, the newest last; only that one gets messages. */
  readonly #polls = new Set<PollAnswer>()
  #scheduled = false
  /** Settled once the lines of the request that came last are handled. */
  taking: Promise<BadLine | undefined> | undefined
  #ended = false

  constructor(options: LongPollSessionOptions) {
    this.#options = options
    this.token = options.token
    this.address = options.address
    this.#activeAt = options.runtime.clock.now()
    this.#waitForPolls(this.#inactiveMs)
  }

  /** The client's end in the core; `undefined` before `start`. */
  get socket(): SocketEnd | undefined {
    return this.#socket
  }

  start(socket: SocketEnd): void {
    this.#socket = socket
  }

  /** What waits for this client alone. An answer is a text of its own, whoever else gets the same messages. */
  get heldBytes(): number {
    return this.#alone + this.#unreadBytes
  }

  giveUp(): void {
    this.#socket?.limitHit("heldBytes")
    this.#end(TRY_AGAIN_LATER)
  }

  /** Whether there may be one more line, or request, now. Whoever goes on all the same loses the session. */
  allowFrame(): boolean {
    const { framesPerSecond, frameBurst } = this.#options.limits
    if (framesPerSecond === Infinity || this.#ended) return true
    this.#frames ??= new TokenBucket(framesPerSecond, frameBurst)
    if (this.#frames.take()) return true
    this.#socket?.limitHit("framesPerSecond")
    this.#end(POLICY_VIOLATION)
    return false
  }

  send(frame: Frame): void {
    this.#add(asMessage(frame), true)
  }

  #add(message: string, alone: boolean): void {
    if (this.#ended) return
    this.#bytes += message.length
    if (this.#bytes + this.#unreadBytes > this.#options.limits.queuedBytes) {
      this.#socket?.limitHit("queuedBytes")
      this.#end(TRY_AGAIN_LATER)
      return
    }
    this.#messages.push(message)
    if (alone) {
      this.#alone += message.length
      this.#options.held.note(this)
    }
    if (this.#poll === undefined || this.#scheduled) return
    // What comes in one turn of the event loop leaves in one answer.
    this.#scheduled = true
    this.#options.runtime.atEndOfTurn(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  broadcast(shared: SharedFrame): boolean {
    const frame = shared.frame()
    if (frame === undefined) return false
    const { queuedBytes, slowClient } = this.#options.limits
    const waiting = this.#bytes + this.#unreadBytes
    if (slowClient === "drop" && waiting + frame.length * 1.4 > queuedBytes) return false
    // Text may be shared as UTF-8 from another node, so only bytes have a form of their own.
    const message = typeof frame === "string" ? frame : shared.as(BASE64)
    if (message === undefined) return false
    this.#add(message, false)
    return !this.#ended
  }

  close(code: number): void {
    this.#end(code)
  }

  /** Waits for something to tell, up to a window. The newest poll gets it. Gives the way to give up. */
  poll(answer: PollAnswer): () => void {
    this.#activeAt = this.#options.runtime.clock.now()
    const { clock } = this.#options.runtime
    const once: PollAnswer = (status, messages) => {
      giveUp()
      answer(status, messages)
    }
    const giveUp = (): void => {
      clock.clearTimeout(timer)
      this.#polls.delete(once)
      if (this.#poll === once) this.#poll = undefined
    }
    const timer = clock.setTimeout(() => once(204, []), this.#options.limits.pollWindowMs)
    this.#poll = once
    this.#polls.add(once)
    if (this.#polls.size > MAX_POLLS) for (const oldest of [...this.#polls].slice(0, -MAX_POLLS)) oldest(204, [])
    if (this.#messages.length > 0) this.#deliver()
    return giveUp
  }

  /**
   * Counts an answer until it was read, or its connection has ended, which the caller tells by what this gives. `drop` ends
   * the connection of an answer that is unread when the session ends.
   */
  answered(messages: readonly string[], drop: () => void): () => void {
    const bytes = messages.reduce((sum, message) => sum + message.length, 0)
    const unread = { drop }
    this.#unread.add(unread)
    this.#unreadBytes += bytes
    this.#options.held.note(this)
    return () => {
      if (!this.#unread.delete(unread)) return
      this.#unreadBytes -= bytes
      this.#activeAt = this.#options.runtime.clock.now()
    }
  }

  get #inactiveMs(): number {
    return this.#options.limits.pollWindowMs * 1.5
  }

  /** Ends a session that is not asked for any more. One timer a session, which no poll has to set anew. */
  #waitForPolls(ms: number): void {
    const { clock } = this.#options.runtime
    this.#inactive = clock.setTimeout(() => {
      // A client that reads a long answer slowly asks again when it is through.
      const left = this.#unread.size > 0 ? this.#inactiveMs : this.#activeAt + this.#inactiveMs - clock.now()
      if (left > 0) return this.#waitForPolls(left)
      this.#socket?.limitHit("pollWindowMs")
      this.#end(GOING_AWAY)
    }, ms)
  }

  #deliver(): void {
    if (this.#poll === undefined || this.#messages.length === 0) return
    const messages = this.#messages
    this.#messages = []
    this.#bytes = this.#alone = 0
    this.#poll(200, messages)
  }

  /**
   * A poll that waits is left to its window, as in Phoenix, and the next request learns that the session is gone. A
   * server that stops has no time for that.
   */
  #end(code: number): void {
    if (this.#ended) return
    this.#ended = true
    if (code === SERVICE_RESTART) {
      this.#deliver()
      for (const waiting of [...this.#polls]) waiting(204, [])
    }
    // A server that stops lets answers be read for as long as it has time.
    else for (const { drop } of this.#unread) drop()
    this.#options.runtime.clock.clearTimeout(this.#inactive)
    this.#messages = []
    this.#bytes = this.#alone = 0
    this.#options.held.forget(this)
    this.#options.onEnd()
    this.#socket?.closed(code)
  }
}
