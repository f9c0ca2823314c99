/**
 * Calls back at the end of this turn of the event loop. The function is read when the module is loaded, so that fake
 * timers do not replace it: they are for waiting times, and a turn of the event loop is none.
 */
export const atEndOfTurn: (callback: () => void) => void = globalThis.setImmediate

const { nextTick } = process

/** Calls back once the queue of microtasks is empty, within this turn of the event loop. */
export const afterMicrotasks = (callback: () => void): void => queueMicrotask(() => nextTick(callback))
