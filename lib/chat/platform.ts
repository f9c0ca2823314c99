import { RookeryError } from "rookery"
import type { SyncChatClient as NodeSyncChatClient } from "./node/sync-client.js"
import type { SessionCache } from "./session-cache.js"

// What is different in Node is in platform.node.ts.

/** A cache in a file, where there are files. */
export function fileCache(_file: string): SessionCache {
  throw new RookeryError("bad_option", "sessionCacheFile: there are no files here; keep the session in a cookie")
}

/** The client without promises, where there are threads that can wait. */
export const SyncChatClient = class {
  constructor() {
    throw new RookeryError("bad_option", "SyncChatClient: nothing here can wait; take ChatClient")
  }
} as unknown as typeof NodeSyncChatClient
