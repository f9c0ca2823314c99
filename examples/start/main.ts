import { once } from "node:events"
import { createServer, type Server } from "node:http"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { ChatServer, lmdbStore, logMail, smtpMail } from "rookery/chat/server"
import { demoEndpoint } from "./demo-endpoint.js"

const { values } = parseArgs({
  options: {
    port: { type: "string", short: "p" },
    data: { type: "string", default: ".chat" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log("Usage: npm start -- [--port 8000] [--data .chat]")
  process.exit(0)
}

const HOST = "127.0.0.1"
const FIRST_PORT = 8000
const PORTS_TRIED = 100

const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EADDRINUSE"

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, HOST)
  await once(server, "listening")
}

/** Listens at the port that was asked for, or at the first that is free. */
async function listenSomewhere(server: Server): Promise<void> {
  if (values.port !== undefined) return listen(server, Number(values.port))
  for (let port = FIRST_PORT; ; port++) {
    try {
      return await listen(server, port)
    } catch (error) {
      if (!isTaken(error) || port === FIRST_PORT + PORTS_TRIED) throw error
    }
  }
}

// Before the server listens: a request that comes while nothing is attached would never be answered.
const store = await lmdbStore(values.data)
const server = createServer()
try {
  await listenSomewhere(server)
} catch (error) {
  const { port } = values
  const isOfPort = port !== undefined && isTaken(error)
  console.error(isOfPort ? `port ${port} is taken; give another: npm start -- --port 8001` : error)
  process.exit(1)
}

const chat = new ChatServer({
  store,
  mail: smtpMail(process.env) ?? logMail(console.log),
  // The folder has both pages: the demo, and the chat under the name "chat".
  page: join(dirname(fileURLToPath(import.meta.url)), "page"),
  home: "/chat",
})
chat.attach(server)
const demo = demoEndpoint()
demo.attach(server)
console.log(`The demo is at ${chat.publicUrl}, and the chat at ${chat.publicUrl}/chat`)

let isStopping = false
async function stop(): Promise<void> {
  // A second Ctrl-C does not wait for the clients.
  if (isStopping) process.exit(1)
  isStopping = true
  await Promise.all([demo.close({ deadlineMs: 1000 }), chat.close({ deadlineMs: 1000 })])
  server.close()
  server.closeAllConnections()
  process.exit(0)
}
process.on("SIGINT", () => void stop())
process.on("SIGTERM", () => void stop())
