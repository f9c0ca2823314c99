import { randomUUID } from "node:crypto"
import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { contract, Endpoint, Refused } from "rookery/server"
import { SOCKET_PATH, type ChatMessage, type ChatTopics, type ChatUser } from "../../lib/chat/topics.js"

// As little of a chat server as the page needs: it keeps everything in one file, to which it only adds.
//   tsx spec/support/chat-app.ts <file> [port]

const [file = "", wantedPort = "0"] = process.argv.slice(2)
const PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url))

type Fact =
  | { kind: "session"; id: string; email: string | null }
  | { kind: "name"; email: string; name: string | null }
  | { kind: "message"; room: string; message: ChatMessage }

const sessions = new Map<string, string>()
const names = new Map<string, string | null>()
const rooms = new Map<string, ChatMessage[]>()
const links = new Map<string, string>()

const messagesOf = (room: string): ChatMessage[] => {
  const messages = rooms.get(room) ?? []
  rooms.set(room, messages)
  return messages
}

function learn(fact: Fact): void {
  if (fact.kind === "message") messagesOf(fact.room).push(fact.message)
  else if (fact.kind === "name") names.set(fact.email, fact.name)
  else if (fact.email === null) sessions.delete(fact.id)
  else sessions.set(fact.id, fact.email)
}

function record(fact: Fact): void {
  appendFileSync(file, `${JSON.stringify(fact)}\n`)
  learn(fact)
}

if (existsSync(file)) {
  for (const line of readFileSync(file, "utf8").split("\n")) if (line) learn(JSON.parse(line) as Fact)
}

const userOf = (email: string): ChatUser => ({ id: `user:${email}`, email, display_name: names.get(email) ?? null })
const sessionOf = ({ headers }: Pick<IncomingMessage, "headers">): string =>
  /(?:^|; )session=([\w-]+)/.exec(headers.cookie ?? "")?.[1] ?? ""
const now = (): string => new Date().toISOString()

let origin = ""
const endpoint = new Endpoint({
  topics: contract<ChatTopics>(),
  path: SOCKET_PATH,
  origins: (from) => from === origin,
  connect({ request }) {
    const email = request && sessions.get(sessionOf(request))
    if (email === undefined) throw new Refused({ reason: "unauthorized" })
    return { id: `user:${email}`, assigns: { email } }
  },
})

endpoint.channel("user:*", {
  join({ topic, socket }) {
    const user = userOf(socket.assigns.email)
    if (topic !== user.id) throw new Refused({ error: "this is somebody else", code: 403 })
    return { user, channel: topic, server_time: now() }
  },
  receive: {
    set_display_name({ display_name }, room) {
      const { email } = room.assigns
      record({ kind: "name", email, name: display_name })
      const changed = { user: userOf(email), display_name, timestamp: now() }
      room.broadcast("display_name_changed", changed)
      for (const name of rooms.keys()) endpoint.broadcast(`room:${name}`, "display_name_changed", changed)
      return { display_name }
    },
  },
})

const nameOf = (topic: string): string => topic.slice("room:".length)

endpoint.channel("room:*", {
  join({ topic, socket }) {
    if (nameOf(topic) === "attic") throw new Refused({ error: "this room is closed", code: 403 })
    const messages = messagesOf(nameOf(topic)).slice(-50)
    return { users: [userOf(socket.assigns.email)], total_connections: 1, messages }
  },
  joined(room) {
    const { id, email, display_name } = userOf(room.assigns.email)
    room.track(id, { email, display_name })
  },
  receive: {
    send({ content }, room) {
      const message = { id: randomUUID(), user: userOf(room.assigns.email), content, timestamp: now() }
      record({ kind: "message", room: nameOf(room.topic), message })
      room.broadcast("message", message)
      return { message_id: message.id, timestamp: message.timestamp }
    },
    history({ before, limit = 50 }, room) {
      const messages = messagesOf(nameOf(room.topic))
      const end = messages.findIndex(({ id }) => id === before)
      return { messages: messages.slice(Math.max(0, end - limit), end) }
    },
    users: (_payload, room) => ({ users: Object.keys(room.presences).map((id) => userOf(id.slice("user:".length))) }),
  },
})

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
}
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ""
  for await (const chunk of request) text += String(chunk)
  return text
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", origin)
  const say = (status: number, body: unknown, headers = {}): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body))
  }
  const email = sessions.get(sessionOf(request))
  switch (`${request.method} ${pathname}`) {
    case "POST /api/login": {
      const { email: to } = JSON.parse(await bodyOf(request)) as { email: string }
      if (to.startsWith("flood@")) return say(429, { error: "too many links were asked for; wait a while", code: 429 })
      const token = randomUUID()
      links.set(token, to)
      console.log(`A link for ${to}: ${origin}/login?token=${token}`)
      return say(202, { status: "ok" })
    }
    case "GET /login": {
      const form = `<!doctype html><title>Log in</title><form method="post"><button>Log in</button></form>`
      response.writeHead(200, { "content-type": TYPES[".html"] ?? "", "content-security-policy": POLICY }).end(form)
      return
    }
    case "POST /login": {
      const token = searchParams.get("token") ?? ""
      const whose = links.get(token)
      if (!links.delete(token) || whose === undefined) return say(401, { error: "this link was used", code: 401 })
      const id = randomUUID()
      record({ kind: "session", id, email: whose })
      const cookie = `session=${id}; HttpOnly; SameSite=Lax; Path=/`
      return say(303, {}, { location: "/", "set-cookie": cookie })
    }
    case "GET /api/session":
      if (email === undefined) return say(401, { error: "nobody is logged in", code: 401 })
      return say(200, { user: userOf(email), expires_at: new Date(Date.now() + 86_400_000).toISOString() })
    case "DELETE /api/session":
      record({ kind: "session", id: sessionOf(request), email: null })
      if (email !== undefined) endpoint.disconnect(`user:${email}`)
      return say(200, { status: "ok" })
  }
  const path = join(PAGE, pathname === "/" ? "index.html" : pathname)
  const type = TYPES[extname(path)]
  if (type === undefined || !existsSync(path)) return say(404, { error: "there is no such page", code: 404 })
  response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(readFileSync(path))
}

const http = createServer((request, response) => void answer(request, response))
endpoint.attach(http)
http.listen(Number(wantedPort), "127.0.0.1", () => {
  origin = `http://localhost:${(http.address() as AddressInfo).port}`
  console.log(`The chat listens at ${origin}`)
})
