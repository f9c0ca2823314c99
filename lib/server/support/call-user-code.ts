/** Whether a value is a promise. A value whose `then` throws counts as one: awaiting it rejects with that error. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null) return false
  try {
    return typeof (value as PromiseLike<unknown>).then === "function"
  } catch {
    return true
  }
}

/** The callbacks for a call of user code. */
export interface Outcome {
  done(result: unknown): void
  failed(error: unknown): void
  /** One of the other callbacks threw, which is a fault of the endpoint. */
  broken(error: unknown): void
}

/** Waits for a promise. Leaves no rejection unhandled, which would end the process. */
export function wait(promise: PromiseLike<unknown>, { done, failed, broken }: Outcome): void {
  // Promise.resolve(), because a foreign promise may throw in `then`, settle twice, or return nothing.
  Promise.resolve(promise).then(done, failed).then(undefined, broken)
}

/** Calls user code. The callbacks run synchronously, unless the user's code returns a promise. */
export function callUserCode(call: () => unknown, outcome: Outcome): void {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    outcome.failed(error)
    return
  }
  if (isPromise(result)) wait(result, outcome)
  else outcome.done(result)
}
