import { systemClock } from "../../lib/protocol/clock.js"
import { nodeRuntime } from "../../lib/runtime/node/platform/node-runtime.js"
import type { Runtime } from "../../lib/server/api/runtime.js"

/** Node as a runtime, with the time that a spec gives. */
export const runtimeAt = (now: () => number): Runtime => ({ ...nodeRuntime, clock: { ...systemClock, now } })
