import { GOING_AWAY, POLICY_VIOLATION, SERVICE_RESTART, TRY_AGAIN_LATER } from "../../protocol/close-codes.js"
import { toBase64 } from "../../protocol/base64.js"
import type { Frame } from "../../serializer/serializer.js"
import type { SocketLimits } from "../../server/api/socket-limits.js"
import { countOf } from "../../server/limits/frame-count.js"
import type { HeldBytes, Holder } from "../../server/limits/held-bytes.js"
import type { ServerLink, SocketEnd } from "../../server/api/server-link.js"
import type { Encoding, SharedFrame } from "../../server/api/shared-frame.js"
import { TokenBucket } from "../../server/limits/token-bucket.js"
import type { Turns, Worker } from "../../server/limits/turns.js"
import type { Runtime } from "../../server/api/runtime.js"

/** Answers a poll: 200 with messages, or 204 after a poll window without any. */
export type PollAnswer = (status: 200 | 204, messages: readonly string[]) => void

/** A line of the body that is not a frame. */
export interface BadLine {
  /** The number of the line in the body, from 1. */
  readonly line: number
  readonly error: string
}

/** An answer that was written, and that the client may not have read yet. */
interface Unread {
  /** Ends the connection of the answer. */
  drop(): void
}

/** Options of a {@link LongPollSession}. */
export interface LongPollSessionOptions {
  readonly token: string
  readonly address: string | undefined
  readonly limits: SocketLimits
  readonly held: HeldBytes
  readonly turns: Turns
  readonly runtime: Pick<Runtime, "atEndOfTurn" | "clock">
  /** Called when the session has ended and its token is no longer valid. */
  onEnd(): void
}

/** A frame as an element of `messages` in an answer. */
const asMessage = (frame: Frame): string => (typeof frame === "string" ? frame : toBase64(frame))

/** The form of bytes for long-poll, shared by all sessions that receive the same broadcast. */
const BASE64: Encoding<string> = { encode: asMessage }

/** The most bytes of messages in one answer, unless it has only one: a longer answer would hold up other clients. */
const MOST_BYTES = 1_048_576

/** A message that waits for a poll. */
interface Waiting {
  readonly message: string
  /** Whether the message is for this client alone. */
  readonly alone: boolean
}

/** The most polls that wait at once. A client has one, or two after it has abandoned the first. */
const MAX_POLLS = 4

/** A connection made of HTTP requests: keeps messages until the client polls. */
export class LongPollSession implements ServerLink, Holder, Worker {
  readonly transport = "longpoll"
  readonly token: string
  readonly address: string | undefined
  readonly #options: LongPollSessionOptions
  /** The time of the client's last poll, or of the last answer that it read. */
  #activeAt: number
  #inactive: unknown
  readonly #unread = new Set<Unread>()
  #unreadBytes = 0
  #socket: SocketEnd | undefined
  #messages: Waiting[] = []
  #bytes = 0
  /** The part of `#bytes` that belongs to messages for this client alone. */
  #alone = 0
  #frames: TokenBucket | undefined
  #poll: PollAnswer | undefined
  /** All waiting polls, the newest last. Only the newest one gets messages. */
  readonly #polls = new Set<PollAnswer>()
  #scheduled = false
  /** Settles once the lines of the latest request's body are handled. */
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

  /** The bytes that wait for this client alone. Each answer is a text of its own, even if its messages are shared. */
  get heldBytes(): number {
    return this.#alone + this.#unreadBytes
  }

  giveUp(): void {
    this.#socket?.limitHit("heldBytes")
    this.#end(TRY_AGAIN_LATER)
  }

  /**
   * Counts one request, or a line or body of the given size. If that exceeds the rate limit, ends the session and
   * returns `false`.
   */
  allowFrame(bytes = 0): boolean {
    const { framesPerSecond, frameBurst } = this.#options.limits
    if (framesPerSecond === Infinity || this.#ended) return true
    this.#frames ??= new TokenBucket(framesPerSecond, frameBurst)
    if (this.#frames.take(countOf(bytes))) return true
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
    this.#messages.push({ message, alone })
    if (alone) {
      this.#alone += message.length
      this.#options.held.note(this)
    }
    if (this.#poll === undefined || this.#scheduled) return
    // Messages of one turn of the event loop are sent in one answer.
    this.#scheduled = true
    this.#options.runtime.atEndOfTurn(() => {
      this.#scheduled = false
      if (this.work()) this.#options.turns.add(this)
    })
  }

  /** Answers the poll, or waits for a turn: a broadcast may be due to thousands of sessions at once. */
  work(): boolean {
    if (this.#poll === undefined || this.#messages.length === 0) return false
    if (this.#options.turns.isSpent()) return true
    this.#deliver()
    return false
  }

  broadcast(shared: SharedFrame): boolean {
    const frame = shared.frame()
    if (frame === undefined) return false
    const { queuedBytes, slowClient } = this.#options.limits
    const waiting = this.#bytes + this.#unreadBytes
    if (slowClient === "drop" && waiting + frame.length * 1.4 > queuedBytes) return false
    // Only bytes use the shared form: text from another node would be UTF-8 bytes there, not a string.
    const message = typeof frame === "string" ? frame : shared.as(BASE64)
    if (message === undefined) return false
    this.#add(message, false)
    return !this.#ended
  }

  close(code: number): void {
    this.#end(code)
  }

  /**
   * Waits for messages, for at most the poll window. If several polls wait, the newest one gets the messages.
   *
   * @returns a function that gives up the poll
   */
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
   * Counts an answer as unread until the client has read it or its connection has ended.
   *
   * @param drop ends the connection of the answer; called if the answer is unread when the session ends
   * @returns a function to call when the answer was read, or its connection has ended
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

  /** Ends the session if the client stops polling. A poll only sets `#activeAt`; no timer is restarted. */
  #waitForPolls(ms: number): void {
    const { clock } = this.#options.runtime
    this.#inactive = clock.setTimeout(() => {
      // A client that is still reading a long answer polls again afterward.
      const left = this.#unread.size > 0 ? this.#inactiveMs : this.#activeAt + this.#inactiveMs - clock.now()
      if (left > 0) return this.#waitForPolls(left)
      this.#socket?.limitHit("pollWindowMs")
      this.#end(GOING_AWAY)
    }, ms)
  }

  /** Answers the poll with the messages that fit into one answer. The client polls again for the others. */
  #deliver(mostBytes = MOST_BYTES): void {
    if (this.#poll === undefined || this.#messages.length === 0) return
    let bytes = 0
    const end = this.#messages.findIndex(({ message }, at) => (bytes += message.length) > mostBytes && at > 0)
    const answered = this.#messages.splice(0, end === -1 ? this.#messages.length : end)
    for (const { message, alone } of answered) {
      this.#bytes -= message.length
      if (alone) this.#alone -= message.length
    }
    this.#poll(
      200,
      answered.map(({ message }) => message),
    )
  }

  /**
   * Ends the session. As in Phoenix, a waiting poll is answered only at the end of its window, and the next request is
   * answered with 410. When the server stops, waiting polls are answered at once.
   */
  #end(code: number): void {
    if (this.#ended) return
    this.#ended = true
    if (code === SERVICE_RESTART) {
      this.#deliver(Infinity)
      for (const waiting of [...this.#polls]) waiting(204, [])
    }
    // When the server stops, clients may still read their answers until its deadline.
    else for (const { drop } of this.#unread) drop()
    this.#options.runtime.clock.clearTimeout(this.#inactive)
    this.#messages = []
    this.#bytes = this.#alone = 0
    this.#options.held.forget(this)
    this.#options.turns.remove(this)
    this.#options.onEnd()
    this.#socket?.closed(code)
  }
}
