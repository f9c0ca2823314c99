import type { Clock } from "../protocol/clock.js"
import type { Ref } from "../protocol/message.js"

/** Options of a {@link Heartbeat}. */
export interface HeartbeatOptions {
  readonly clock: Clock
  readonly heartbeatIntervalMs: number
}

/** Sends a heartbeat one interval after the server answered the last one, and detects a missing answer. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #send: () => Ref
  readonly #onUnanswered: () => void
  #timer: unknown
  #awaitsAnswer = false
  readonly #pings = new Map<Ref, () => void>()

  /**
   * @param send sends a heartbeat and returns its ref
   * @param onUnanswered called when a heartbeat is not answered within an interval
   */
  constructor(options: HeartbeatOptions, send: () => Ref, onUnanswered: () => void) {
    this.#options = options
    this.#send = send
    this.#onUnanswered = onUnanswered
  }

  /** Sends the next heartbeat after one interval. */
  start(): void {
    this.#awaitsAnswer = false
    this.#setTimer(() => this.beat())
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#awaitsAnswer = false
    this.#pings.clear()
  }

  /** Sends a heartbeat now, unless one is unanswered, and waits this long for the answer. */
  beat(ms?: number): void {
    this.#setTimer(this.#onUnanswered, ms)
    if (this.#awaitsAnswer) return
    this.#awaitsAnswer = true
    this.ping(() => this.start())
  }

  /** Sends a heartbeat now, and calls back with the milliseconds until its answer. */
  ping(callback: (rtt: number) => void): void {
    const { clock } = this.#options
    const start = clock.now()
    this.#pings.set(this.#send(), () => callback(clock.now() - start))
  }

  /** Handles a reply on the topic of heartbeats. */
  onReply(ref: Ref): void {
    const answered = this.#pings.get(ref)
    this.#pings.delete(ref)
    answered?.()
  }

  #setTimer(callback: () => void, ms = this.#options.heartbeatIntervalMs): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(callback, ms)
  }
}
