import { systemClock } from "../../protocol/clock.js"
import type { Logger } from "../../server/api/logger.js"
import type { Runtime } from "../../server/api/runtime.js"
import { sha256 } from "../../server/support/sha256.js"

const queue: (() => void)[] = []
const channel = /* @__PURE__ */ new MessageChannel()
channel.port1.onmessage = () => queue.shift()?.()

/** Runs something in a task of its own. A timer of no time would wait for four milliseconds. */
function inNextTask(callback: () => void): void {
  queue.push(callback)
  channel.port2.postMessage(undefined)
}

/** Warnings and errors to the console, with the error as an object that can be looked into there. */
const logToConsole: Logger = (level, message, { error, ...fields }) => {
  if (level !== "warn" && level !== "error") return
  console[level](`[rookery] ${message}`, fields, ...(error === undefined ? [] : [error]))
}

/** The platform of an endpoint in a page, a worker, or anything else that has what the web has. */
export const webRuntime: Runtime = {
  clock: systemClock,
  logger: logToConsole,
  atEndOfTurn: inNextTask,
  // No task comes before all microtasks.
  afterMicrotasks: inNextTask,
  sha256,
}
