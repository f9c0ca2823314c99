import type { Loose } from "../protocol/contract.js"
import type { PushError, RookeryError } from "../protocol/errors.js"
import type { Push } from "./push.js"

/** The outcome of a push or a join, from {@link resultOf}. */
export type PushResult<Ok = Loose, Refused = Loose> =
  | { readonly ok: true; readonly response: Ok }
  | { readonly ok: false; readonly error: PushError<Refused> | RookeryError<Exclude<RookeryError["code"], "refused">> }

/**
 * The response or the error of a push, without throwing. The error of a refusal keeps the response type of the
 * contract; {@link isRefused} distinguishes it from other errors.
 *
 * ```ts
 * const result = await resultOf(room.push("new_msg", { text: "hi" }))
 * if (result.ok) show(result.response)
 * else if (isRefused(result.error)) explain(result.error.response.reason)
 * else offerRetry(result.error.code)
 * ```
 */
export const resultOf = <Ok, Refused>(push: Push<Ok, Refused>): Promise<PushResult<Ok, Refused>> =>
  push.then(
    (response) => ({ ok: true, response }),
    (error: unknown) => ({ ok: false, error: error as PushError<Refused> }),
  )
