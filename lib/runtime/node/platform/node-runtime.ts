import { createHash } from "node:crypto"
import { systemClock } from "../../../protocol/clock.js"
import type { Runtime } from "../../../server/api/runtime.js"
import { consoleLogger } from "./console-logger.js"
import { afterMicrotasks, atEndOfTurn } from "./end-of-turn.js"

/** The platform of an endpoint on Node. */
export const nodeRuntime: Runtime = {
  clock: systemClock,
  logger: consoleLogger,
  atEndOfTurn,
  afterMicrotasks,
  sha256: (text) => createHash("sha256").update(text).digest("base64url"),
}
