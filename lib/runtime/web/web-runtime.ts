import { systemClock } from "../../protocol/clock.js"
import type { Logger } from "../../server/api/logger.js"
import type { Runtime } from "../../server/api/runtime.js"
import { sha256 } from "../../server/support/sha256.js"

const queue: (() => void)[] = []
const channel = /* @__PURE__ */ new MessageChannel()
channel.port1.onmessage = () => queue.shift()?.()

/** Calls back in a task of its own, by a message. A timer of 0 ms may wait for 4 ms in a browser. */
function inNextTask(callback: () => void): void {
  queue.push(callback)
  channel.port2.postMessage(undefined)
}

/** Writes warnings and errors to the console, with the error as an object that the console can expand. */
const logToConsole: Logger = (level, message, { error, ...fields }) => {
  if (level !== "warn" && level !== "error") return
  console[level](`[rookery] ${message}`, fields, ...(error === undefined ? [] : [error]))
}

/** The runtime of an endpoint in a page, a worker, or any other platform with the web's standard functions. */
export const webRuntime: Runtime = {
  clock: systemClock,
  logger: logToConsole,
  atEndOfTurn: inNextTask,
  // A task begins only when all microtasks have run.
  afterMicrotasks: inNextTask,
  sha256,
}
