import type { Clock } from "../protocol/clock.js"
import type { Ref } from "../protocol/message.js"

/** What a {@link Heartbeat} is made of. */
export interface HeartbeatOptions {
  clock: Clock
  intervalMs: number
  /** Sends a heartbeat and gives its ref. */
  beat(): Ref
  /** A heartbeat stayed without an answer for a whole interval. */
  lost(): void
}

/** Asks the server for a sign of life, an interval after its last one. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  #timer: unknown
  #pending: Ref = null

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  start(): void {
    this.#wait(() => this.beat())
  }

  stop(): void {
    this.#pending = null
    this.#options.clock.clearTimeout(this.#timer)
  }

  /** Asks now, unless an answer is awaited already. */
  beat(): void {
    if (this.#pending !== null) return
    this.#pending = this.#options.beat()
    this.#wait(() => {
      this.#pending = null
      this.#options.lost()
    })
  }

  /** A reply came; the pending heartbeat's begins the next interval. */
  answered(ref: Ref): void {
    if (ref !== this.#pending) return
    this.#pending = null
    this.start()
  }

  #wait(then: () => void): void {
    const { clock, intervalMs } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(then, intervalMs)
  }
}
