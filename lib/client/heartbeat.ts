import type { Clock } from "../protocol/clock.js"
import type { Ref } from "../protocol/message.js"

/** Asks the server for a sign of life, an interval after its last one. */
export class Heartbeat {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #send: () => Ref
  readonly #lost: () => void
  #timer: unknown
  #pending: Ref = null
  readonly #pings = new Map<Ref, () => void>()

  /**
   * @param send sends a heartbeat and gives its ref
   * @param lost told when a heartbeat stays without an answer for a whole interval
   */
  constructor(clock: Clock, intervalMs: number, send: () => Ref, lost: () => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#send = send
    this.#lost = lost
  }

  start(): void {
    this.#wait(() => this.beat())
  }

  stop(): void {
    this.#pending = null
    this.#pings.clear()
    this.#clock.clearTimeout(this.#timer)
  }

  /** Asks now, unless an answer is awaited already. */
  beat(): void {
    if (this.#pending !== null) return
    this.#pending = this.#send()
    this.#wait(() => {
      this.#pending = null
      this.#lost()
    })
  }

  /** Asks now, and calls back with the milliseconds that the answer took. */
  ping(callback: (rtt: number) => void): void {
    const start = this.#clock.now()
    this.#pings.set(this.#send(), () => callback(this.#clock.now() - start))
  }

  /** A reply came: a ping's, or that of the pending heartbeat, which begins the next interval. */
  answered(ref: Ref): void {
    const pong = this.#pings.get(ref)
    this.#pings.delete(ref)
    if (ref === this.#pending) {
      this.#pending = null
      this.start()
    }
    pong?.()
  }

  #wait(then: () => void): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = this.#clock.setTimeout(then, this.#intervalMs)
  }
}
