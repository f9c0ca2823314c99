import type { Clock } from "../protocol/clock.js"
import type { Ref } from "../protocol/message.js"

/** Asks the server for a sign of life, an interval after its last one. */
export class Heartbeat {
  readonly #options: { readonly clock: Clock; readonly heartbeatIntervalMs: number }
  readonly #send: () => Ref
  readonly #lost: () => void
  #timer: unknown
  #pending: Ref = null

  /**
   * @param send sends a heartbeat and gives its ref
   * @param lost told when a heartbeat stays without an answer for a whole interval
   */
  constructor(
    options: { readonly clock: Clock; readonly heartbeatIntervalMs: number },
    send: () => Ref,
    lost: () => void,
  ) {
    this.#options = options
    this.#send = send
    this.#lost = lost
  }

  start(): void {
    this.#wait(null, () => this.beat())
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#pending = null
  }

  /** Asks now, unless an answer is awaited already. */
  beat(): void {
    if (!this.#pending) this.#wait(this.#send(), this.#lost)
  }

  /** A reply came; the pending heartbeat's begins the next interval. */
  answered(ref: Ref): void {
    if (ref === this.#pending) this.start()
  }

  #wait(pending: Ref, then: () => void): void {
    const { clock, heartbeatIntervalMs } = this.#options
    this.stop()
    this.#pending = pending
    this.#timer = clock.setTimeout(then, heartbeatIntervalMs)
  }
}
