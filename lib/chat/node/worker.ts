// The entry point of the worker of `SyncChatClient`, a separate file in the build.
import { runSyncWorker } from "./sync-worker.js"

runSyncWorker()
