import type { Runtime } from "../api/runtime.js"

/** A client, or a channel, that has more to do than is fair to the others. */
export interface Worker {
  /** Does some of it; `false` once nothing is left. */
  work(): boolean
}

/** Milliseconds of one turn of the event loop for all workers together. */
const SHARE_MS = 4
/** As much of what came in large pieces is read in one turn of the event loop before the others of its size wait. */
const TURN_BYTES = 131_072

/**
 * Serves clients that send much at once a little at a time, in turns with all others that do, and behind those that send
 * little: a flood costs the client that makes it, and not the one that waits for an answer.
 */
export class Turns {
  readonly #waiting = new Set<Worker>()
  readonly #runtime: Pick<Runtime, "afterMicrotasks" | "atEndOfTurn" | "clock">
  #scheduled = false
  #taken = 0
  /** When this turn's share of time is used up, once a part of it was asked for. */
  #until: number | undefined
  #renews = false

  constructor(runtime: Pick<Runtime, "afterMicrotasks" | "atEndOfTurn" | "clock">) {
    this.#runtime = runtime
  }

  /** How many have to wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether enough was read in this turn of the event loop, and so many bytes more have to wait. */
  isFull(bytes: number): boolean {
    this.#renewLater()
    this.#taken += bytes
    return this.#taken > TURN_BYTES
  }

  /** Whether this turn of the event loop has had its share of work that had waited. */
  isSpent(): boolean {
    const now = this.#runtime.clock.now()
    if (this.#until === undefined) {
      this.#until = now + SHARE_MS
      this.#renewLater()
    }
    return now >= this.#until
  }

  /** Has a worker's work done in turns. */
  add(worker: Worker): void {
    this.#waiting.add(worker)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#runtime.atEndOfTurn(this.#run)
  }

  remove(worker: Worker): void {
    this.#waiting.delete(worker)
  }

  /** Resolves when there is time for something that takes long. All that waits for that promise is a part of it. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const work = (): boolean => {
        resolve()
        return false
      }
      this.add({ work })
    })
  }

  #renewLater(): void {
    if (this.#renews) return
    this.#renews = true
    this.#runtime.atEndOfTurn(this.#renew)
  }

  readonly #renew = (): void => {
    this.#renews = false
    this.#taken = 0
    this.#until = undefined
  }

  readonly #run = (): void => {
    this.#until = this.#runtime.clock.now() + SHARE_MS
    this.#renewLater()
    this.#step()
  }

  /** Has one worker do some of its work; the next one follows once the promises that it resolved have had their say. */
  readonly #step = (): void => {
    const [worker] = this.#waiting
    if (worker === undefined) {
      this.#scheduled = false
      return
    }
    if (this.isSpent()) return this.#runtime.atEndOfTurn(this.#run)
    // A worker that has more left comes last.
    this.#waiting.delete(worker)
    if (worker.work()) this.#waiting.add(worker)
    this.#runtime.afterMicrotasks(this.#step)
  }
}
