import { ChatServer, lmdbStore } from "rookery/chat/server"

// A chat server for many users from one machine at the same time.
//   tsx spec/support/chat-app.ts <folder> [port]

const [folder = "", port = "0"] = process.argv.slice(2)
const chat = new ChatServer({
  store: await lmdbStore(folder),
  limits: {
    linksPerEmail: { burst: 40, everyMs: 3_600_000 },
    linksPerMailbox: { burst: 1000, everyMs: 1 },
    loginsPerAddress: { burst: 1000, everyMs: 1 },
    messagesPerUser: { burst: 100, everyMs: 10 },
  },
})
await chat.listen({ port: Number(port) })
console.log(`The chat listens at ${chat.publicUrl}`)
