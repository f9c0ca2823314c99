import type { Clock } from "../protocol/clock.js"
import type { Ref } from "../protocol/message.js"

/** What a {@link Heartbeat} is made of. */
export interface HeartbeatOptions {
  readonly clock: Clock
  readonly heartbeatIntervalMs: number
}

/** Asks the server for a sign of life, an interval after its last one. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #send: () => Ref
  readonly #lost: () => void
  #timer: unknown
  #awaiting = false
  readonly #pings = new Map<Ref, () => void>()

  /**
   * @param send sends a heartbeat and gives its ref
   * @param lost told when a heartbeat stays without an answer for a whole interval
   */
  constructor(options: HeartbeatOptions, send: () => Ref, lost: () => void) {
    this.#options = options
    this.#send = send
    this.#lost = lost
  }

  start(): void {
    this.#awaiting = false
    this.#wait(() => this.beat())
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#awaiting = false
    this.#pings.clear()
  }

  /** Asks now, unless an answer is awaited already; the answer begins the next interval. */
  beat(): void {
    if (this.#awaiting) return
    this.#awaiting = true
    this.ping(() => this.start())
    this.#wait(this.#lost)
  }

  /** Asks now, and calls back with the milliseconds that the answer took. */
  ping(callback: (rtt: number) => void): void {
    const { clock } = this.#options
    const start = clock.now()
    this.#pings.set(this.#send(), () => callback(clock.now() - start))
  }

  /** A reply came. */
  onPong(ref: Ref): void {
    const pong = this.#pings.get(ref)
    this.#pings.delete(ref)
    pong?.()
  }

  #wait(then: () => void): void {
    const { clock, heartbeatIntervalMs } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(then, heartbeatIntervalMs)
  }
}
