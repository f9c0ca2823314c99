import type { Clock } from "../protocol/clock.js"
import { bufferFull } from "../protocol/errors.js"
import { PHX_JOIN, PHX_LEAVE } from "../protocol/events.js"
import type { Message } from "../protocol/message.js"
import type { Link } from "../transport/transport.js"
import { addToBuffer, type BufferOptions } from "./bounded-buffer.js"
import type { Push } from "./push.js"

/** Options of an {@link Outbox}. */
export interface OutboxOptions extends BufferOptions {
  readonly clock: Clock
  readonly highWaterMark: number
}

interface Entry {
  readonly message: Message
  readonly push: Push | undefined
}

/** Without its join a channel would never open; without its leave the server would keep the channel. */
const mustStay = ({ message: { event } }: Entry): boolean => event === PHX_JOIN || event === PHX_LEAVE

/** A websocket has no event for "there is room again", so its buffer is polled. */
const POLL_MS = 20

/**
 * The outgoing messages of a socket, in order. A message goes straight to the connection while the connection keeps up;
 * it waits here while there is no connection, or more than the high-water mark waits in the transport.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #connection: { readonly link: Link | undefined }
  readonly #write: (message: Message, push?: Push) => void
  readonly #entries = new Set<Entry>()
  #pollTimer: unknown

  constructor(
    options: OutboxOptions,
    connection: { readonly link: Link | undefined },
    write: (message: Message, push?: Push) => void,
  ) {
    this.#options = options
    this.#connection = connection
    this.#write = write
  }

  /** Sends a message, now or when the connection accepts it. A full buffer never rejects a join or a leave. */
  post(message: Message, push?: Push): void {
    const entries = this.#entries
    if (!entries.size && this.#hasRoom()) return this.#write(message, push)
    const entry: Entry = { message, push }
    if (push) push.unqueue = () => entries.delete(entry)
    const lost = addToBuffer(entries, entry, this.#options, mustStay)
    if (!lost) return
    const error = bufferFull("the socket")
    if (lost.push) lost.push.fail(error)
    else if (lost === entry) throw error
  }

  /** Sends as many waiting messages as the connection accepts. */
  flush(): void {
    for (const entry of this.#entries) {
      if (!this.#hasRoom()) return
      const { message, push } = entry
      // A push that has settled or was given another ref no longer needs this message.
      if (!push || push.ref === message.ref) this.#write(message, push)
      // Deleted after the write, so that a message caused by the write queues after those already waiting.
      this.#entries.delete(entry)
    }
  }

  clear(): void {
    this.#options.clock.clearTimeout(this.#pollTimer)
    this.#entries.clear()
  }

  /** Whether the connection accepts another message. Polls a connection that is over the high-water mark. */
  #hasRoom(): boolean {
    const { clock, highWaterMark } = this.#options
    const { link } = this.#connection
    if (!link) return false
    if (link.bufferedAmount <= highWaterMark) return true
    this.#pollTimer ??= clock.setTimeout(() => {
      this.#pollTimer = undefined
      this.flush()
    }, POLL_MS)
    return false
  }
}
