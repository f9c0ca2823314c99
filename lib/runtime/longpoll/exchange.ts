import type { HttpAnswer } from "../../server/admission/rejection.js"
import type { Arrival } from "../../server/api/arrival.js"
import type { HeldBytes } from "../../server/limits/held-bytes.js"

/** How far a body may go. */
export interface BodyLimits {
  readonly bytes: number
  /** Milliseconds from now to its end. */
  readonly ms: number
  readonly held: HeldBytes
}

/** Why a body is not given as text. */
export type BadBody = "aborted" | "too large" | "too slow" | "too much held" | "not text"

/** One request over HTTP and its answer, in the same words on every runtime. */
export interface Exchange {
  readonly method: string
  /** The client, with the headers and the query of its request. */
  readonly arrival: Arrival
  /** Whether the connection has ended, and no answer reaches the client any more. */
  readonly isGone: boolean
  /** Reads the body as text, as long as it keeps to the limits. */
  readBody(limits: BodyLimits): Promise<string | BadBody>
  /** Answers the request. Only the first answer counts. */
  answer(answer: HttpAnswer): void
  /** Answers, and ends the connection then: the rest of the body is not waited for. */
  answerLast(answer: HttpAnswer): void
  /** Calls back once, when the platform took the whole answer or the connection ended. */
  onceOver(callback: () => void): void
  /** Ends the connection, and with it the part of the answer that the client has not read. */
  drop(): void
}
