import { createHooks } from "rookery/react"
import type { Topics } from "./topics.js"

export const { SocketProvider, useChannel, useEvent, usePresence, usePush, useStatus } = createHooks<Topics>()
