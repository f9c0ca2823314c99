export { fileCache } from "./node/file-cache.js"
export { SyncChatClient } from "./node/sync-client.js"
