import type { Clock } from "../protocol/clock.js"
import type { Ref } from "../protocol/message.js"

/** Asks the server for a sign of life, an interval after its last one. */
export class Heartbeat {
  readonly #options: { readonly clock: Clock; readonly heartbeatIntervalMs: number }
  readonly #send: () => Ref
  readonly #lost: () => void
  #timer: unknown
  #pending: Ref = null
  readonly #pings = new Map<Ref, () => void>()

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
    this.#pings.clear()
  }

  /** Asks now, unless an answer is awaited already. */
  beat(): void {
    if (!this.#pending) this.#wait(this.#send(), this.#lost)
  }

  /** Asks now, and calls back with the milliseconds that the answer took. */
  ping(callback: (rtt: number) => void): void {
    const { clock } = this.#options
    const start = clock.now()
    this.#pings.set(this.#send(), () => callback(clock.now() - start))
  }

  /** A reply came: a ping's, or that of the pending heartbeat, which begins the next interval. */
  answered(ref: Ref): void {
    const pong = this.#pings.get(ref)
    this.#pings.delete(ref)
    if (ref === this.#pending) this.start()
    pong?.()
  }

  #wait(pending: Ref, then: () => void): void {
    const { clock, heartbeatIntervalMs } = this.#options
    clock.clearTimeout(this.#timer)
    this.#pending = pending
    this.#timer = clock.setTimeout(then, heartbeatIntervalMs)
  }
}
