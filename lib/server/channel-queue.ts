import type { Message } from "../protocol/message.js"
import type { Broadcast } from "./broadcast.js"

/** Something that stands in line for a channel. */
export interface Waiting {
  readonly message: Message | Broadcast
  readonly bytes: number
  /** It came while the join was not answered yet, so nobody knows whether it belongs to this channel. */
  readonly unchecked: boolean
}

/** What came while a channel was busy, in order. */
export class ChannelQueue {
  #items: Waiting[] = []
  #draining = false

  get length(): number {
    return this.#items.length
  }

  add(message: Message | Broadcast, bytes: number, unchecked: boolean): void {
    this.#items.push({ message, bytes, unchecked })
  }

  /** Forgets everything, and says how many bytes it was. */
  clear(): number {
    const items = this.#items
    this.#items = []
    return items.reduce((bytes, item) => bytes + item.bytes, 0)
  }

  /** Gives out one after the other until the channel is busy again. */
  drain(isBusy: () => boolean, take: (waiting: Waiting) => void): void {
    if (this.#draining || this.#items.length === 0) return
    this.#draining = true
    const items = this.#items
    this.#items = []
    let taken = 0
    while (taken < items.length && !isBusy()) take(items[taken++] as Waiting)
    if (taken < items.length) this.#items = [...items.slice(taken), ...this.#items]
    this.#draining = false
  }
}
