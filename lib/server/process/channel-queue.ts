import type { Message } from "../../protocol/message.js"
import type { Broadcast } from "../pubsub/broadcast.js"
import type { Receipt } from "../limits/kept-bytes.js"
import type { Turns, Worker } from "../limits/turns.js"

/** A message, or a broadcast for `intercept`, that waits for a channel. */
export interface Waiting {
  readonly message: Message | Broadcast
  /** The count of its bytes, released when it leaves the queue. */
  readonly receipt: Receipt | undefined
  /** Whether it arrived before the join was answered, so that it may be meant for another channel. */
  readonly unchecked: boolean
}

/** The channel that messages wait for. */
export interface QueueOwner {
  /** Whether a handler runs, or is awaited. */
  readonly running: boolean
  readonly ended: boolean
  /** The queue of the channel that has replaced this one on its topic. */
  readonly successor: ChannelQueue | undefined
  /** Handles the oldest message. */
  handleWaiting(waiting: Waiting): void
}

/** The number of handled messages at the front of the array after which the array is cut. */
const SPENT = 64

/**
 * The messages that arrived while a channel was busy, in order. They are handled only as long as this turn of the event
 * loop has time: a thousand queued pushes with synchronous handlers would otherwise block all other clients.
 */
export class ChannelQueue implements Worker {
  readonly #owner: QueueOwner
  readonly #turns: Turns
  #items: (Waiting | undefined)[] = []
  #taken = 0
  #draining = false
  #hasLeave = false

  constructor(owner: QueueOwner, turns: Turns) {
    this.#owner = owner
    this.#turns = turns
  }

  get length(): number {
    return this.#items.length - this.#taken
  }

  /** Whether a message that arrives now has to wait behind others. */
  get isBehind(): boolean {
    return this.length > 0 && !this.#draining
  }

  add(waiting: Waiting): void {
    this.#items.push(waiting)
  }

  /**
   * Queues a leave. A client may leave at any time, so a leave is not limited; only one is kept, without its payload.
   */
  addLeave(message: Message): void {
    if (this.#hasLeave) return
    this.#hasLeave = true
    this.add({ message: { ...message, payload: undefined }, receipt: undefined, unchecked: false })
  }

  /** Handles queued messages, in this turn and in later ones, until the channel is busy again. */
  drain(): void {
    if (this.length > 0 && this.work()) this.#turns.add(this)
  }

  work(): boolean {
    const owner = this.#owner
    if (this.#draining) return false
    this.#draining = true
    while (!owner.running && this.length > 0 && (owner.ended || !this.#turns.isSpent())) {
      owner.handleWaiting(this.#take())
      if (owner.ended) this.#handOver()
    }
    this.#draining = false
    return !owner.running && this.length > 0
  }

  /**
   * The channel has ended: drops its queue. While the queue is being drained, messages that arrived before the join was
   * answered are kept, because they may be meant for the next channel of the topic.
   */
  end(): void {
    this.#turns.remove(this)
    if (!this.#draining) this.#clear()
  }

  #take(): Waiting {
    const next = this.#items[this.#taken] as Waiting
    this.#items[this.#taken++] = undefined
    if (this.#taken === this.#items.length || this.#taken === SPENT) {
      this.#items = this.#items.slice(this.#taken)
      this.#taken = 0
    }
    next.receipt?.release()
    return next
  }

  #handOver(): void {
    const { successor } = this.#owner
    if (successor === undefined) return
    for (const waiting of this.#items) {
      if (waiting?.unchecked) successor.#items.push(waiting)
      else waiting?.receipt?.release()
    }
    this.#items = []
    this.#taken = 0
    if (successor.length > 0) this.#turns.add(successor)
  }

  #clear(): void {
    for (const waiting of this.#items) waiting?.receipt?.release()
    this.#items = []
    this.#taken = 0
  }
}
