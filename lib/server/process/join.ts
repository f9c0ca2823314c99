import type { Clock } from "../../protocol/clock.js"
import type { Schema } from "../../protocol/schema.js"
import { isRefused } from "../api/reply.js"
import { isPromise, callUserCode, type Outcome } from "../support/call-user-code.js"
import { validate } from "./validation.js"

/** The error of a join that took too long. */
export const JOIN_TIMEOUT: unique symbol = Symbol("join timeout")

/** Why a join is refused, and the response that the client gets. */
export function refusalOf(error: unknown): { reason: "refused" | "timeout" | "crashed"; response: unknown } {
  if (isRefused(error)) return { reason: "refused", response: error.response }
  if (error === JOIN_TIMEOUT) return { reason: "timeout", response: { reason: "join timeout" } }
  return { reason: "crashed", response: { reason: "join crashed" } }
}

/** A join, with the callbacks for its outcome. */
export interface JoinAttempt extends Outcome {
  readonly params: unknown
  readonly schema: Schema | undefined
  readonly timeoutMs: number
  readonly clock: Clock
  ask(params: unknown): unknown
}

/** Checks the params and calls the channel's `join`, within the time limit. Calls exactly one callback, once. */
export function askToJoin({ params, schema, timeoutMs, clock, ask, done, failed, broken }: JoinAttempt): void {
  let timer: unknown
  let told = false
  const once =
    <T>(tell: (what: T) => void) =>
    (what: T): void => {
      clock.clearTimeout(timer)
      if (told) return
      told = true
      tell(what)
    }
  const fail = once(failed)
  callUserCode(
    () => {
      const checked = schema === undefined ? params : validate(schema, params, "params")
      const result = isPromise(checked) ? checked.then(ask) : ask(checked)
      if (isPromise(result) && timeoutMs !== Infinity) {
        timer = clock.setTimeout(() => fail(JOIN_TIMEOUT), timeoutMs)
      }
      return result
    },
    { done: once(done), failed: fail, broken },
  )
}
