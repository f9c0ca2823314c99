import type { Runtime } from "../api/runtime.js"
import { backgroundTimer } from "../support/background-timer.js"

/** A client, or a request, that memory is kept for. */
export interface Holder {
  /** How many bytes, now. */
  readonly heldBytes: number
  /** Lets go of them, and of the client they are for. */
  giveUp(): void
}

/** Bytes of one holder that are not looked at: as much waits in the system's own buffers of a connection. */
const LITTLE = 16_384
/** How often the holders are looked at. */
const LOOK_AGAIN_MS = 50

/**
 * Bytes that are kept for all clients together. Each client has limits of its own, but ten thousand that are each just
 * below them would fill any memory. Where all of them hold too much, those are let go that hold the most.
 */
export class HeldBytes {
  /** How many bytes each held when it was looked at last. */
  readonly #holders = new Map<Holder, number>()
  readonly #limit: number
  readonly #runtime: Pick<Runtime, "atEndOfTurn" | "clock">
  #sum = 0
  /** Of clients that have gone, as long as handlers are at their pushes. */
  #left = 0
  #timer: unknown
  #looksSoon = false

  constructor(limit: number, runtime: Pick<Runtime, "atEndOfTurn" | "clock">) {
    this.#limit = limit
    this.#runtime = runtime
  }

  /** Whether clients that have gone hold so much that no large push is to be begun. */
  get isFull(): boolean {
    return this.#left > this.#limit / 2
  }

  /** Counts a holder that may hold more than before. */
  note(holder: Holder): void {
    if (this.#limit === Infinity) return
    const bytes = holder.heldBytes
    if (bytes <= LITTLE && !this.#holders.has(holder)) return
    this.#set(holder, bytes)
    if (this.#timer === undefined) this.#lookLater()
    if (this.#looksSoon || !this.#isOver) return
    // Not at once: the holder may be in the midst of what made it hold more.
    this.#looksSoon = true
    this.#runtime.atEndOfTurn(this.#lookNow)
  }

  /** Forgets a holder that holds nothing any more. */
  forget(holder: Holder): void {
    this.#sum -= this.#holders.get(holder) ?? 0
    this.#holders.delete(holder)
  }

  /** Adds bytes that a client left behind when it went, or takes them away. */
  leave(bytes: number): void {
    this.#left += bytes
  }

  get #isOver(): boolean {
    return this.#sum + this.#left > this.#limit
  }

  #set(holder: Holder, bytes: number): void {
    this.#sum += bytes - (this.#holders.get(holder) ?? 0)
    this.#holders.set(holder, bytes)
  }

  #lookLater(): void {
    this.#timer = backgroundTimer(this.#runtime.clock, this.#look, LOOK_AGAIN_MS)
  }

  readonly #lookNow = (): void => {
    this.#looksSoon = false
    this.#recount()
  }

  readonly #look = (): void => {
    this.#timer = undefined
    this.#recount()
    if (this.#holders.size > 0) this.#lookLater()
  }

  #recount(): void {
    for (const holder of this.#holders.keys()) {
      const bytes = holder.heldBytes
      if (bytes <= LITTLE) this.forget(holder)
      else this.#set(holder, bytes)
    }
    if (this.#isOver) this.#shed()
  }

  #shed(): void {
    const heaviest = [...this.#holders].sort(([, a], [, b]) => b - a)
    for (const [holder] of heaviest) {
      if (!this.#isOver) return
      this.forget(holder)
      holder.giveUp()
    }
  }
}
