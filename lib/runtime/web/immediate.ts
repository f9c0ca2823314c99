/** Runs something in a task of its own, on a platform that has Node's `setImmediate`. */
export function inNextTask(callback: () => void): void {
  const { setImmediate } = globalThis as unknown as { setImmediate(callback: () => void): unknown }
  setImmediate(callback)
}
