// Taken when this is loaded: fake timers that a test puts in their place do not stop the waiting.
const { setTimeout, clearTimeout, setImmediate } = globalThis

export const startTimer: (callback: () => void, ms: number) => NodeJS.Timeout = setTimeout
export const stopTimer: (timer: NodeJS.Timeout) => void = clearTimeout
export const atEndOfTurn: (callback: () => void) => void = setImmediate
