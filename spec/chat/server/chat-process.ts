import { ChatServer, lmdbStore } from "rookery/chat/server"

/** A chat server in a separate process that prints its port and the login links. */
const [folder = "", port = "0"] = process.argv.slice(2)
const plenty = { burst: 1e6, everyMs: 1 }
const chat = new ChatServer({
  store: await lmdbStore(folder),
  page: false,
  history: 500,
  limits: {
    messagesPerUser: plenty,
    asksPerUser: plenty,
    linksPerEmail: plenty,
    linksPerMailbox: plenty,
    loginsPerAddress: plenty,
  },
})
const address = await chat.listen({ port: Number(port) })
console.log(`listening at ${address.port}`)
