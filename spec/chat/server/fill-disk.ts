import { lmdbStore } from "rookery/chat/server"

/** Appends messages until the disk is full, and then some more. */
const [folder = ""] = process.argv.slice(2)
const store = await lmdbStore(folder)
const KEPT = { messages: 1e6, rooms: 10, roomsPerUser: 10 }
const user = { id: "user:ada@example.com", email: "ada@example.com", display_name: null }
const say = (content: string): Promise<unknown> =>
  store.append("lobby", { user, content, timestamp: new Date(0).toISOString() }, KEPT, true)

let refused: unknown
while (refused === undefined) {
  const said = await Promise.allSettled(Array.from({ length: 3 }, () => say("x".repeat(4000))))
  refused = said.find((outcome) => outcome.status === "rejected")?.reason
}
console.log(`refused: ${String(refused)}`)
// An unhandled rejection would have ended the process by now.
await new Promise((resolve) => setImmediate(resolve))
console.log(`read: ${(await store.messages("lobby", { limit: 1 })).length}`)
process.exit(0)
