import type { Clock } from "../../protocol/clock.js"
import type { Logger } from "./logger.js"

/** The services that an endpoint needs from its platform beyond the web's standard ones. */
export interface Runtime {
  readonly clock: Clock
  /** The logger of an endpoint without the option `logger`. */
  readonly logger: Logger
  /** Calls back at the end of this turn of the event loop, before the timers that are set in this turn. */
  atEndOfTurn(callback: () => void): void
  /** Calls back once the queue of microtasks is empty. */
  afterMicrotasks(callback: () => void): void
  /** SHA-256 of the text in UTF-8, as base64url without padding. Synchronous, unlike that of the web. */
  sha256(text: string): string
}
