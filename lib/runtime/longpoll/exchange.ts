import type { HttpAnswer } from "../../server/admission/rejection.js"
import type { Arrival } from "../../server/api/arrival.js"
import type { HeldBytes } from "../../server/limits/held-bytes.js"

/** The limits of a body. */
export interface BodyLimits {
  readonly bytes: number
  /** The milliseconds within which the body must arrive. */
  readonly ms: number
  readonly held: HeldBytes
}

/** Why a body could not be read. */
export type BadBody = "aborted" | "too large" | "too slow" | "too much held" | "not text"

/** One HTTP request and its answer, with the same interface on every runtime. */
export interface Exchange {
  readonly method: string
  /** The client, with the headers and the query of its request. */
  readonly arrival: Arrival
  /** Whether the connection has ended, so that an answer cannot reach the client. */
  readonly isGone: boolean
  /** Reads the body as text, within the limits. */
  readBody(limits: BodyLimits): Promise<string | BadBody>
  /** Answers the request. Only the first answer counts. */
  answer(answer: HttpAnswer): void
  /** Answers, and then ends the connection without reading the rest of the body. */
  answerLast(answer: HttpAnswer): void
  /** Calls back once, when the platform has accepted the whole answer or the connection has ended. */
  onceOver(callback: () => void): void
  /** Ends the connection, and with it the part of the answer that the client has not read. */
  drop(): void
}
