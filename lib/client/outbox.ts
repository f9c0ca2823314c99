import type { Clock } from "../protocol/clock.js"
import { bufferFull } from "../protocol/errors.js"
import type { Message } from "../protocol/message.js"
import type { Link } from "../transport/transport.js"
import type { Push } from "./push.js"

/** What a full buffer does: turn the new one away, or give up the oldest. */
export type WhenFull = "refuse" | "drop_oldest"

/** What an {@link Outbox} is made of. */
export interface OutboxOptions {
  readonly clock: Clock
  readonly bufferSize: number
  readonly whenFull: WhenFull
  readonly highWaterMark: number
}

/** A websocket does not say when it has room again, so it is looked at. */
const LOOK_EVERY_MS = 20

/**
 * Messages on their way out, in order: straight to the line while it keeps up, kept here while there is no line or more
 * than the high-water mark waits in it.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #link: () => Link | undefined
  readonly #write: (message: Message, push: Push | undefined, link: Link) => void
  #entries: [message: Message, push: Push | undefined][] = []
  #timer: unknown

  constructor(
    options: OutboxOptions,
    link: () => Link | undefined,
    write: (message: Message, push: Push | undefined, link: Link) => void,
  ) {
    this.#options = options
    this.#link = link
    this.#write = write
  }

  /** Sends a message, now or when it can. A join or a leave (`force`) is never turned away: without it nothing works. */
  post(message: Message, push: Push | undefined, force: boolean): void {
    const entries = this.#entries
    const link = this.#room()
    if (link && entries.length === 0) return this.#write(message, push, link)
    const { bufferSize, whenFull } = this.#options
    if (entries.length >= bufferSize && !force) {
      const full = bufferFull("the socket's send buffer", bufferSize)
      if (whenFull === "refuse") throw full
      entries.shift()?.[1]?.failLoudly(full)
    }
    entries.push([message, push])
  }

  /** Sends what waits, as far as the line takes it. */
  flush(): void {
    const entries = this.#entries
    let sent = 0
    // By index: what is written may make more to write.
    for (let link = this.#room(); link && sent < entries.length; link = this.#room()) {
      const [message, push] = entries[sent++] as [Message, Push | undefined]
      // A push that has an outcome or another ref by now has moved on.
      if (!push || push.ref === message.ref) this.#write(message, push, link)
    }
    entries.splice(0, sent)
  }

  clear(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#entries = []
  }

  /** The line, if it takes more; one that does not is looked at again. */
  #room(): Link | undefined {
    const link = this.#link()
    if (!link || link.bufferedAmount <= this.#options.highWaterMark) return link
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined
      this.flush()
    }, LOOK_EVERY_MS)
    return undefined
  }
}
