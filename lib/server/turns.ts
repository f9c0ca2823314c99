import { atEndOfTurn } from "./end-of-turn.js"

/** Somebody who has more to do than is fair to the others. */
export interface Worker {
  /** Does some of it; `false` once nothing is left. */
  work(): boolean
}

/** Milliseconds of one turn of the event loop for all who have more to do. */
const SHARE_MS = 4
/** As much of what came in large pieces is read in one turn of the event loop before the others of its size wait. */
const TURN_BYTES = 131_072

/**
 * Whoever sends much at once is served a little at a time, in turns with all others who do, and behind those who send
 * little: a flood costs the one that makes it, and not the one who waits for an answer.
 */
export class Turns {
  readonly #waiting = new Set<Worker>()
  readonly #now: () => number
  #scheduled = false
  #taken = 0

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** How many have to wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether enough was read in this turn of the event loop, and so many bytes more have to wait. */
  isFull(bytes: number): boolean {
    if (this.#taken === 0) atEndOfTurn(this.#renew)
    this.#taken += bytes
    return this.#taken > TURN_BYTES
  }

  /** Has somebody's work done in turns. */
  add(worker: Worker): void {
    this.#waiting.add(worker)
    if (this.#scheduled) return
    this.#scheduled = true
    atEndOfTurn(this.#run)
  }

  remove(worker: Worker): void {
    this.#waiting.delete(worker)
  }

  readonly #renew = (): void => {
    this.#taken = 0
  }

  readonly #run = (): void => {
    const until = this.#now() + SHARE_MS
    for (const worker of this.#waiting) {
      // Whoever is not through comes last, and a set is walked up to what is added meanwhile.
      this.#waiting.delete(worker)
      if (worker.work()) this.#waiting.add(worker)
      if (this.#now() >= until) break
    }
    this.#scheduled = this.#waiting.size > 0
    if (this.#scheduled) atEndOfTurn(this.#run)
  }
}
