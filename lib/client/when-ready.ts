import { isPromise } from "./socket-options.js"
/** Goes on with a value that may have to be waited for: at once where it is there, so that what was synchronous stays so. */
export function whenReady<T>(
  get: () => T | PromiseLike<T>,
  next: (value: T) => void,
  fail: (error: unknown) => void,
): void {
  try {
    const value = get()
    if (isPromise(value)) value.then(next).then(null, fail)
    else next(value)
  } catch (error) {
    fail(error)
  }
}
