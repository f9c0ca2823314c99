/** An expectation was not met. The message says what was expected, and what arrived instead. */
export class ExpectationError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = "ExpectationError"
  }
}

/** Makes the error of an expectation, as if it were thrown where the expectation stands. */
export type Fail = (message: string, cause?: unknown) => ExpectationError

/**
 * Remembers the line of the test that called `entry`. An expectation fails in a timer, whose stack would no longer show
 * which expectation it was.
 */
export function failHere(entry: (...args: never[]) => unknown): Fail {
  const place: { stack?: string } = {}
  Error.captureStackTrace?.(place, entry)
  const lines = (place.stack ?? "").split("\n").slice(1).join("\n")
  return (message, cause) => {
    const error = new ExpectationError(message, cause)
    error.stack = `${error.name}: ${message}\n${lines}`
    return error
  }
}
