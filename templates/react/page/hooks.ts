import { createHooks } from "rookery/react"
import type { Topics } from "../contract/topics.js"

/** The hooks, with the types of the contract. */
export const { SocketProvider, useChannel, useEvent, usePresence, usePush, useStatus } = createHooks<Topics>()
