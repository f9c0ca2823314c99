import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { readFile } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import { Endpoint, Refused } from "rookery/server"
import { TcpProxy } from "../../support/tcp-proxy.js"

/** The server of the conformance suite, with the installed package. It lives until the end of its standard input. */

/** The number of joins of each user to each topic. */
const joins = new Map<string, number>()

const endpoint = new Endpoint({
  logger: false,
  connect: ({ params }) => ({ id: `user:${params["user"]}`, assigns: { user: String(params["user"]) } }),
})
endpoint.socket("/polled", { websocket: false })
endpoint.channel("room:*", {
  join({ topic, params, socket }) {
    if (topic === "room:denied") throw new Refused({ reason: "unauthorized" })
    const key = `${socket.assigns.user} ${topic}`
    joins.set(key, (joins.get(key) ?? 0) + 1)
    return { params, joins: joins.get(key) }
  },
  joined(room) {
    if (room.topic.startsWith("room:presence")) room.track(room.assigns.user, { name: room.params.name })
  },
  receive: {
    echo: (payload) => payload,
    joins: (_payload, room) => ({ joins: joins.get(`${room.assigns.user} ${room.topic}`) }),
    fail: () => {
      throw new Refused({ reason: "nope" })
    },
    crash: () => {
      throw new Error("crash")
    },
    silence: (_payload, room) => room.noReply,
    tell_others(payload, room) {
      room.broadcastFrom("told", payload)
      return room.noReply
    },
    burst({ n }: { n: number }, room) {
      for (let i = 0; i < n; i++) room.push("burst", { i })
      return { sent: n }
    },
    shout: (payload, room) => room.broadcast("shout", payload),
    shout_from: (payload, room) => room.broadcastFrom("shout", payload),
    shout_last: (payload, room) => room.broadcast("shout_last", payload),
    rename: ({ name }: { name: string }, room) => room.update(room.assigns.user, { name }),
  },
  terminate(reason, room) {
    endpoint.broadcast(room.topic, "left", { user: room.assigns.user, reason: reason.kind })
  },
})
endpoint.channel("kept:*", { history: { size: 100, ttl: 60_000 } })

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const COMMANDS: Record<string, (body: { topic: string; event: string; payload: object }) => void> = {
  "/cut": () => proxy.cut(),
  "/mend": () => proxy.mend(),
  "/broadcast": ({ topic, event, payload }) => void endpoint.broadcast(topic, event, payload),
}

/** The files of the page: its HTML, and the suite bundled for it. */
const FILES: Record<string, { type: string; content: () => string | Promise<string> }> = {
  "/": { type: "text/html", content: () => '<!doctype html><script type="module" src="/page.js"></script>' },
  "/page.js": { type: "text/javascript", content: () => readFile(new URL("page.js", import.meta.url), "utf8") },
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost")
  const command = request.method === "POST" ? COMMANDS[pathname] : undefined
  const file = request.method === "GET" ? FILES[pathname] : undefined
  if (command) {
    command(JSON.parse(await bodyOf(request)) as Parameters<typeof command>[0])
    response.writeHead(204).end()
  } else if (file) {
    response.writeHead(200, { "content-type": file.type }).end(await file.content())
  } else {
    response.writeHead(404).end()
  }
}

const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1" })
const proxy = await TcpProxy.to(port)
const control = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
})
await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve))
const at = (control.address() as AddressInfo).port
console.log(JSON.stringify({ url: `ws://127.0.0.1:${proxy.port}`, control: `http://127.0.0.1:${at}` }))
process.stdin.on("end", () => process.exit()).resume()
