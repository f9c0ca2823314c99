import { systemClock } from "../../protocol/clock.js"
import type { Logger } from "../../server/api/logger.js"
import type { Runtime } from "../../server/api/runtime.js"
import { sha256 } from "../../server/support/sha256.js"

const queue: (() => void)[] = []
let port: MessagePort | undefined

/** Made at the first call: a platform may not have it, and it keeps some of them from ending. */
function openPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => queue.shift()?.()
  return port2
}

/** Calls back in a task of its own, by a message. A timer of 0 ms may wait for 4 ms in a browser. */
function inNextTask(callback: () => void): void {
  queue.push(callback)
  port ??= openPort()
  port.postMessage(undefined)
}

/** Writes warnings and errors to the console, with the error as an object that the console can expand. */
export const consoleLogger: Logger = (level, message, { error, ...fields }) => {
  if (level !== "warn" && level !== "error") return
  console[level](`[rookery] ${message}`, fields, ...(error === undefined ? [] : [error]))
}

/** The runtime of an endpoint in a page, a worker, or any other platform with the web's standard functions. */
export const webRuntime: Runtime = {
  clock: systemClock,
  logger: consoleLogger,
  atEndOfTurn: inNextTask,
  // A task begins only when all microtasks have run.
  afterMicrotasks: inNextTask,
  sha256,
}
