import type { Runtime } from "../api/runtime.js"
import { backgroundTimer } from "../../protocol/background-timer.js"

/** A client or a request for which the endpoint holds memory. */
export interface Holder {
  /** The bytes that the holder occupies now. */
  readonly heldBytes: number
  /** Frees the bytes, and closes the client. */
  giveUp(): void
}

/** Holders up to this many bytes are ignored; the kernel buffers as much for each connection. */
const LITTLE = 16_384
/** The interval between two recounts. */
const LOOK_AGAIN_MS = 50

/**
 * The bytes that are held for all clients together. Each client has its own limits, but ten thousand clients just below
 * them would fill any memory. If the total is over its limit, the clients that hold the most are closed.
 */
export class HeldBytes {
  /** The bytes that each holder had at the last count. */
  readonly #holders = new Map<Holder, number>()
  readonly #limit: number
  readonly #runtime: Pick<Runtime, "atEndOfTurn" | "clock">
  #sum = 0
  /** The bytes of disconnected clients whose handlers still run. */
  #left = 0
  #timer: unknown
  #looksSoon = false

  constructor(limit: number, runtime: Pick<Runtime, "atEndOfTurn" | "clock">) {
    this.#limit = limit
    this.#runtime = runtime
  }

  /** Whether disconnected clients still hold so much memory that large pushes must be rejected. */
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
    // At the end of the turn, because the holder may still be in the middle of its work.
    this.#looksSoon = true
    this.#runtime.atEndOfTurn(this.#lookNow)
  }

  /** Forgets a holder that holds nothing any more. */
  forget(holder: Holder): void {
    this.#sum -= this.#holders.get(holder) ?? 0
    this.#holders.delete(holder)
  }

  /** Adds bytes that a client has left behind, or subtracts them once its handlers end. */
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
      holder.giveUp()
      // A client that does not read still has its bytes until its connection has ended, and notes them while it closes.
      // If those bytes counted, every other client would be closed as well.
      this.forget(holder)
    }
  }
}
