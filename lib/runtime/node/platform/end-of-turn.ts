/**
 * Runs something once this turn of the event loop is through. Taken when the server is loaded: whoever puts fake timers
 * in the place of the platform's means waiting for a time, and a turn is none.
 */
export const atEndOfTurn: (callback: () => void) => void = globalThis.setImmediate

const { nextTick } = process

/** Runs something once all promises that can go on have gone on, within this turn of the event loop. */
export const afterMicrotasks = (callback: () => void): void => queueMicrotask(() => nextTick(callback))
