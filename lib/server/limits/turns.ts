import type { Runtime } from "../api/runtime.js"

/** A client, or a channel, with more work than would be fair to do at once. */
export interface Worker {
  /** Does a part of the work; `false` once none is left. */
  work(): boolean
}

/** A paused client, which is read again once other clients have had their turn. */
export interface Reader {
  /** Reads from the client again. */
  readAgain(): void
}

/** The time, in one turn of the event loop, for all workers together. */
const SHARE_MS = 4
/** The bytes of large chunks that are read in one turn of the event loop; further large chunks wait. */
const TURN_BYTES = 131_072
/** The bytes that a platform reads from a connection at once. It reads them before Rookery can pause. */
const READ_BYTES = 65_536

/**
 * Serves clients that send a lot in small steps, in turns, after the clients that send little. A flood then delays only
 * the client that causes it.
 */
export class Turns {
  readonly #waiting = new Set<Worker>()
  readonly #readers = new Set<Reader>()
  readonly #runtime: Pick<Runtime, "afterMicrotasks" | "atEndOfTurn" | "clock">
  #scheduled = false
  #taken = 0
  /** The time at which this turn's share is used up; set at the first use in each turn. */
  #until: number | undefined
  #renews = false

  constructor(runtime: Pick<Runtime, "afterMicrotasks" | "atEndOfTurn" | "clock">) {
    this.#runtime = runtime
  }

  /** The number of workers that wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Counts the bytes of a large chunk. Returns whether the chunk has to wait, because enough was read in this turn. */
  isFull(bytes: number): boolean {
    this.#renewLater()
    this.#taken += bytes
    return this.#taken > TURN_BYTES
  }

  /** Whether the time for waiting work is used up in this turn of the event loop. */
  isSpent(): boolean {
    const now = this.#runtime.clock.now()
    if (this.#until === undefined) {
      this.#until = now + SHARE_MS
      this.#renewLater()
    }
    return now >= this.#until
  }

  /** Whether long work has to wait for its turn, behind the work of others. */
  mustWait(): boolean {
    return this.#waiting.size > 0 || this.isSpent()
  }

  /** Adds a worker, whose work is then done in turns. */
  add(worker: Worker): void {
    this.#waiting.add(worker)
    this.#schedule()
  }

  /**
   * Adds a client that has been paused. Only a few clients in a turn are read from again: if all were, hundreds of them
   * would send their next chunk in the same turn, and all of it is read before the first one can be paused again.
   */
  readLater(reader: Reader): void {
    this.#readers.add(reader)
    this.#schedule()
  }

  remove(client: Worker | Reader): void {
    this.#waiting.delete(client as Worker)
    this.#readers.delete(client as Reader)
  }

  /** Resolves when there is time for long work. The callbacks of the promise count as that work. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const work = (): boolean => {
        resolve()
        return false
      }
      this.add({ work })
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#runtime.atEndOfTurn(this.#run)
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

  /** Lets one worker do a part of its work. The next one follows after the microtasks that the first one has caused. */
  readonly #step = (): void => {
    const [worker] = this.#waiting
    if (worker === undefined || this.isSpent()) return this.#endRun()
    // A worker with more work goes to the end.
    this.#waiting.delete(worker)
    if (worker.work()) this.#waiting.add(worker)
    this.#runtime.afterMicrotasks(this.#step)
  }

  /** Resumes a few paused clients, and continues in the next turn if workers or paused clients still wait. */
  #endRun(): void {
    let bytes = 0
    for (const reader of this.#readers) {
      bytes += READ_BYTES
      if (bytes > TURN_BYTES) break
      this.#readers.delete(reader)
      reader.readAgain()
    }
    this.#scheduled = false
    if (this.#waiting.size + this.#readers.size > 0) this.#schedule()
  }
}
