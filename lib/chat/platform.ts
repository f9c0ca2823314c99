import { RookeryError } from "rookery"
import type { SyncChatClient as NodeSyncChatClient } from "./node/sync-client.js"
import type { SessionCache } from "./session-cache.js"

// The parts that exist only in Node, for all other platforms. The build for Node uses platform.node.ts instead.

/** Keeps sessions in a file. Throws here, because this platform has no files. */
export function fileCache(_file: string): SessionCache {
  throw new RookeryError("bad_option", "sessionCacheFile: this platform has no files; keep the session in a cookie")
}

/** The client without promises. Throws here, because this platform has no threads that may block. */
export const SyncChatClient = class {
  constructor() {
    throw new RookeryError("bad_option", "SyncChatClient: this platform has no blocking calls; use ChatClient")
  }
} as unknown as typeof NodeSyncChatClient
