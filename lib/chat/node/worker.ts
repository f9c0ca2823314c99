// Where the worker of `SyncChatClient` begins: a file of its own in the build.
import { runSyncWorker } from "./sync-worker.js"

runSyncWorker()
