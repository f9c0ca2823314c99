import type { Message } from "../../protocol/message.js"
import type { Broadcast } from "../pubsub/broadcast.js"
import type { Receipt } from "../limits/kept-bytes.js"
import type { Turns, Worker } from "../limits/turns.js"

/** A message, or a broadcast for `intercept`, that waits for a channel. */
export interface Waiting {
  readonly message: Message | Broadcast
  /** Its bytes, which are given back once it waits no more. */
  readonly receipt: Receipt | undefined
  /** It came while the join was not answered yet, so nobody knows whether it belongs to this channel. */
  readonly unchecked: boolean
}

/** The channel that messages wait for. */
export interface QueueOwner {
  /** Whether something of the user's runs, or is awaited. */
  readonly running: boolean
  readonly ended: boolean
  /** The queue of the channel that has taken the topic from this one. */
  readonly successor: ChannelQueue | undefined
  /** Handles the message that has waited longest. */
  handleWaiting(waiting: Waiting): void
}

/** As many that were taken are let go of at once. */
const SPENT = 64

/**
 * What came while a channel was busy, in order. Handled for as long as a turn of the event loop has time for it: handlers
 * that answer at once would otherwise hold up all other clients until the last of a thousand pushes is handled.
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

  /** Whether a message that comes now has to wait behind others. */
  get isBehind(): boolean {
    return this.length > 0 && !this.#draining
  }

  add(waiting: Waiting): void {
    this.#items.push(waiting)
  }

  /** Has a leave wait. A client may leave at any time, so its bytes count nowhere: one is enough, without a payload. */
  addLeave(message: Message): void {
    if (this.#hasLeave) return
    this.#hasLeave = true
    this.add({ message: { ...message, payload: undefined }, receipt: undefined, unchecked: false })
  }

  /** Handles what waits until the channel is busy again, now and in later turns. */
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
   * The channel has ended: nothing of it waits any more. A message that came before the join was answered is not known
   * to be of this channel, and still goes to the one that has the topic next.
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
