// Captured when this module is loaded, so that fake timers installed by a test do not stop expectations.
const { setTimeout, clearTimeout, setImmediate } = globalThis

export const startTimer: (callback: () => void, ms: number) => NodeJS.Timeout = setTimeout
export const stopTimer: (timer: NodeJS.Timeout) => void = clearTimeout
export const atEndOfTurn: (callback: () => void) => void = setImmediate
