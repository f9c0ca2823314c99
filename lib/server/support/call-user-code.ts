/** Whether a value comes later. One that cannot even be asked counts as a promise: waited for, it rejects. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null) return false
  try {
    return typeof (value as PromiseLike<unknown>).then === "function"
  } catch {
    return true
  }
}

/** What happens after something of the user's has run. */
export interface Outcome {
  done(result: unknown): void
  failed(error: unknown): void
  /** One of the two above threw, which is a fault of ours. */
  broken(error: unknown): void
}

/** Waits for a promise; whatever goes wrong, no rejection is left that would end the process. */
export function wait(promise: PromiseLike<unknown>, { done, failed, broken }: Outcome): void {
  // A promise of another make may throw, answer twice, or give nothing to chain on.
  Promise.resolve(promise).then(done, failed).then(undefined, broken)
}

/** Calls something of the user's: at once, and without a promise unless it makes one itself. */
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
