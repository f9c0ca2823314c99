import { isPromise, provide, type Provider } from "./socket-options.js"

/** Goes on with a value that may have to be waited for: at once where it is there, so that what was synchronous stays so. */
export function whenReady<T>(provider: Provider<T>, next: (value: T) => void, fail: (error: unknown) => void): void {
  try {
    const value = provide(provider)
    if (isPromise(value)) value.then(next).then(null, fail)
    else next(value)
  } catch (error) {
    fail(error)
  }
}
