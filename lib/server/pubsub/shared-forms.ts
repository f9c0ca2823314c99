import { backgroundTimer } from "../../protocol/background-timer.js"
import type { Clock } from "../../protocol/clock.js"
import type { Broadcast } from "./broadcast.js"

/** The milliseconds for which clients that return at about the same time share the frames of what they missed. */
const SHARED_MS = 2000

/**
 * Frees the frames of messages that a history keeps. A thousand clients that return at once get the same frames, but a
 * history keeps its messages for hours, and with their frames it would take three times its memory.
 */
export class SharedForms {
  readonly #clock: Clock
  readonly #broadcasts = new Set<Broadcast>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Frees the frames of a broadcast in a moment. */
  add(broadcast: Broadcast): void {
    if (this.#broadcasts.size === 0) backgroundTimer(this.#clock, this.#free, SHARED_MS)
    this.#broadcasts.add(broadcast)
  }

  readonly #free = (): void => {
    for (const broadcast of this.#broadcasts) broadcast.shrink()
    this.#broadcasts.clear()
  }
}
