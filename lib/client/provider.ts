/** A value, or a function that returns it or a promise of it. */
export type Provider<T> = Given<T> | (() => T | PromiseLike<T>)

// A function has a name and a length, and would pass for params like `{ name: string }`, whatever it returns.
type Given<T> = object extends T ? T : (() => unknown) extends T ? T & { call?: never } : T

/** The value, now or later. */
export const provide = <T>(provider: Provider<T>): T | PromiseLike<T> =>
  typeof provider === "function" ? (provider as () => T | PromiseLike<T>)() : provider

export const isPromise = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof (value as PromiseLike<T> | undefined)?.then === "function"

/** Calls `next` with the value: at once if the provider is synchronous, so that synchronous code stays synchronous. */
export function whenReady<T>(provider: Provider<T>, next: (value: T) => void, fail: (error: unknown) => void): void {
  try {
    const value = provide(provider)
    if (isPromise(value)) value.then(next).then(null, fail)
    else next(value)
  } catch (error) {
    fail(error)
  }
}
