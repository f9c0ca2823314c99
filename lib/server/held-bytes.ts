/** Somebody for whom bytes wait. */
export interface Holder {
  /** How many bytes, now. */
  readonly heldBytes: number
  /** Lets go of them, and of the client they are for. */
  giveUp(): void
}

/** What is not looked at: as much waits in the system's own buffers of a line. */
const LITTLE = 16_384
/** How soon it is looked again; in less nobody can send so much that it matters. */
const LOOK_AGAIN_MS = 50

/**
 * Bytes that wait for all clients together. Each has limits of its own, but ten thousand that are each just below them
 * would fill any memory. Where all of them hold too much, those go that hold the most.
 */
export class HeldBytes {
  readonly #holders = new Set<Holder>()
  readonly #limit: number
  #timer: NodeJS.Timeout | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Somebody may hold more than a little. */
  note(holder: Holder): void {
    if (holder.heldBytes <= LITTLE || this.#limit === Infinity) return
    this.#holders.add(holder)
    if (this.#timer === undefined) this.#timer = setTimeout(this.#look, LOOK_AGAIN_MS).unref()
  }

  /** Who holds nothing any more. */
  forget(holder: Holder): void {
    this.#holders.delete(holder)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    let sum = 0
    for (const holder of this.#holders) {
      const bytes = holder.heldBytes
      if (bytes <= LITTLE) this.#holders.delete(holder)
      else sum += bytes
    }
    if (sum > this.#limit) this.#shed(sum)
    if (this.#holders.size > 0) this.#timer = setTimeout(this.#look, LOOK_AGAIN_MS).unref()
  }

  #shed(sum: number): void {
    let left = sum
    const heaviest = [...this.#holders].map((holder) => [holder.heldBytes, holder] as const).sort(([a], [b]) => b - a)
    for (const [bytes, holder] of heaviest) {
      if (left <= this.#limit) return
      left -= bytes
      this.#holders.delete(holder)
      holder.giveUp()
    }
  }
}
