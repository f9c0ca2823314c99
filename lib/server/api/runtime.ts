import type { Clock } from "../../protocol/clock.js"
import type { Logger } from "./logger.js"

/** What an endpoint needs of the platform that it runs on, beside what every platform of the web has. */
export interface Runtime {
  readonly clock: Clock
  /** Where the log goes unless the endpoint is given a logger. */
  readonly logger: Logger
  /** Runs something once this turn of the event loop is through, before any timer that is set then. */
  atEndOfTurn(callback: () => void): void
  /** Runs something once all promises that can go on have gone on. */
  afterMicrotasks(callback: () => void): void
  /** SHA-256 of a text's UTF-8, in base64url without padding. The web has it only as a promise. */
  sha256(text: string): string
}
