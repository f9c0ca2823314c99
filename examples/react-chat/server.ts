import { build } from "esbuild"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { contract, Endpoint, Refused } from "rookery/server"
import type { Message, Topics } from "./topics.js"

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  console.log("Usage: npm run react-chat -- [--host 127.0.0.1] [--port 8080]")
  process.exit(0)
}

const KEPT = 50
const MAX_LENGTH = 500

/** The last messages of each room. */
const messages = new Map<string, Message[]>()

const endpoint = new Endpoint({ topics: contract<Topics>() })
endpoint.channel("room:*", {
  join({ topic, params: { name } }) {
    if (typeof name !== "string" || name.length === 0 || name.length > 40)
      throw new Refused({ reason: "say your name" })
    return { messages: messages.get(topic) ?? [] }
  },
  joined(room) {
    room.track(room.params.name, { since: Date.now() })
  },
  receive: {
    new_msg({ text }, room) {
      if (typeof text !== "string" || text.trim() === "" || text.length > MAX_LENGTH) {
        throw new Refused({ reason: "say something, but not too much" })
      }
      const message = { id: crypto.randomUUID(), at: Date.now(), from: room.params.name, text }
      messages.set(room.topic, [...(messages.get(room.topic) ?? []), message].slice(-KEPT))
      room.broadcast("new_msg", message)
    },
  },
})

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

// Bundles the page as for any React app.
const { outputFiles } = await build({
  entryPoints: [here("page.tsx")],
  bundle: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"development"' },
  tsconfigRaw: {},
  write: false,
})

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
const FILES: Record<string, [type: string, body: string]> = {
  "/": ["text/html", readFileSync(here("page.html"), "utf8")],
  "/page.js": ["text/javascript", outputFiles[0]?.text ?? ""],
}

const http = createServer((request, response) => {
  const path = request.url ?? "/"
  const [type, body] = (Object.hasOwn(FILES, path) ? FILES[path] : undefined) ?? []
  if (body === undefined) return void response.writeHead(404).end("not found")
  response.writeHead(200, { "content-type": `${type}; charset=utf-8`, "content-security-policy": POLICY }).end(body)
})
endpoint.attach(http)
http.on("error", (error: NodeJS.ErrnoException) => {
  console.error(error.code === "EADDRINUSE" ? `port ${values.port} is taken; give another: --port 8081` : error.message)
  process.exit(1)
})
http.listen(Number(values.port), values.host, () => {
  console.log(`React chat at http://${values.host}:${(http.address() as AddressInfo).port}/`)
})
process.once("SIGINT", () => {
  void endpoint.close({ deadlineMs: 500 }).then(() => process.exit(0))
})
