import type { Clock } from "../protocol/clock.js"
import { bufferFull } from "../protocol/errors.js"
import { PHX_JOIN, PHX_LEAVE } from "../protocol/events.js"
import type { Message } from "../protocol/message.js"
import type { Link } from "../transport/transport.js"
import type { Push } from "./push.js"

/** What a full buffer does: turn the new one away, or give up the oldest. */
export type WhenFull = "refuse" | "drop_oldest"

/** How much a buffer holds. */
export interface BufferOptions {
  readonly bufferSize: number
  readonly whenFull: WhenFull
}

/** What an {@link Outbox} is made of. */
export interface OutboxOptions extends BufferOptions {
  readonly clock: Clock
  readonly highWaterMark: number
}

/** Keeps an entry in a buffer, and gives the one that had to go, if it is full. */
export function keep<Entry>(
  buffer: Set<Entry>,
  entry: Entry,
  { bufferSize, whenFull }: BufferOptions,
): Entry | undefined {
  buffer.add(entry)
  if (buffer.size <= bufferSize) return undefined
  const [oldest = entry] = buffer
  const lost = whenFull === "refuse" ? entry : oldest
  buffer.delete(lost)
  return lost
}

/** A websocket does not say when it has room again, so it is looked at. */
const LOOK_EVERY_MS = 20

/**
 * Messages on their way out, in order: straight to the line while it keeps up, kept here while there is no line or more
 * than the high-water mark waits in it.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #connection: { readonly link: Link | undefined }
  readonly #write: (message: Message, push?: Push) => void
  readonly #entries = new Set<[message: Message, push: Push | undefined]>()
  #timer: unknown

  constructor(
    options: OutboxOptions,
    connection: { readonly link: Link | undefined },
    write: (message: Message, push?: Push) => void,
  ) {
    this.#options = options
    this.#connection = connection
    this.#write = write
  }

  /** Sends a message, now or when it can. A join or a leave is never turned away: without it nothing works. */
  post(message: Message, push?: Push): void {
    const entries = this.#entries
    if (!entries.size && this.#hasRoom()) return this.#write(message, push)
    const { event } = message
    const entry: [Message, Push | undefined] = [message, push]
    if (event === PHX_JOIN || event === PHX_LEAVE) return void entries.add(entry)
    const lost = keep(entries, entry, this.#options)
    if (!lost) return
    const full = bufferFull("the buffer of the socket")
    if (lost[1]) lost[1].failLoudly(full)
    else if (lost === entry) throw full
  }

  /** Sends what waits, as far as the line takes it. */
  flush(): void {
    for (const entry of this.#entries) {
      if (!this.#hasRoom()) return
      const [message, push] = entry
      // A push that has an outcome or another ref by now has moved on.
      if (!push || push.ref === message.ref) this.#write(message, push)
      // Not before: what is written may make more to write, which has to wait its turn.
      this.#entries.delete(entry)
    }
  }

  clear(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#entries.clear()
  }

  /** Whether there is a line that takes more; one that does not is looked at again. */
  #hasRoom(): boolean {
    const { clock, highWaterMark } = this.#options
    const { link } = this.#connection
    if (!link || link.bufferedAmount <= highWaterMark) return !!link
    this.#timer ??= clock.setTimeout(() => {
      this.#timer = undefined
      this.flush()
    }, LOOK_EVERY_MS)
    return false
  }
}
