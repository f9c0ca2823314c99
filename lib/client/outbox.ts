import type { Clock } from "../protocol/clock.js"
import { BufferFullError } from "../protocol/errors.js"
import type { Message } from "../protocol/message.js"
import type { Link } from "../transport/transport.js"
import type { Push } from "./push.js"

/** What a full buffer does: turn the new one away, or give up the oldest. */
export type WhenFull = "refuse" | "drop_oldest"

/** What an {@link Outbox} is made of. */
export interface OutboxOptions {
  clock: Clock
  size: number
  whenFull: WhenFull
  highWaterMark: number
  /** The open line, if there is one. */
  link(): Link | undefined
  /** Puts a message on the line. */
  write(message: Message, push: Push | undefined, link: Link): void
}

interface Entry {
  message: Message
  push: Push | undefined
}

/** A websocket does not say when it has room again, so it is looked at. */
const LOOK_EVERY_MS = 20

/**
 * Messages on their way out, in order: straight to the line while it keeps up, kept here while there is no line or more
 * than the high-water mark waits in it.
 */
export class Outbox {
  readonly #options: OutboxOptions
  #entries: Entry[] = []
  #timer: unknown

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Sends a message, now or when it can. A join or a leave (`force`) is never turned away: without it nothing works. */
  post(message: Message, push: Push | undefined, force: boolean): void {
    const { link, highWaterMark, size, whenFull, write } = this.#options
    const open = link()
    if (open !== undefined && this.#entries.length === 0 && open.bufferedAmount <= highWaterMark) {
      return write(message, push, open)
    }
    if (this.#entries.length >= size && !force) {
      const full = new BufferFullError("the socket's send buffer", size)
      if (whenFull === "refuse") throw full
      this.#entries.shift()?.push?.failLoudly(full)
    }
    this.#entries.push({ message, push })
    if (open !== undefined) this.#look()
  }

  /** Sends what waits, as far as the line takes it. */
  flush(): void {
    const { link, highWaterMark, write } = this.#options
    let sent = 0
    for (const { message, push } of this.#entries) {
      const open = link()
      if (open === undefined) break
      if (open.bufferedAmount > highWaterMark) {
        this.#look()
        break
      }
      sent++
      // A push that has an outcome or another ref by now has moved on.
      if (push === undefined || push.ref === message.ref) write(message, push, open)
    }
    this.#entries.splice(0, sent)
  }

  clear(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#entries = []
  }

  #look(): void {
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined
      this.flush()
    }, LOOK_EVERY_MS)
  }
}
