// Where the worker of `SyncChatClient` begins: no entry point, but a file of its own.
import { runSyncWorker } from "./chat/node/sync-worker.js"

runSyncWorker()
