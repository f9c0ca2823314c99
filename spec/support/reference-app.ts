import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { pathToFileURL } from "node:url"
import { Endpoint, Refused, reply, type Channel, type Connect } from "rookery/server"

/** The application of the recorded Phoenix server, on a Rookery endpoint. */
export interface ReferenceApp {
  readonly port: number
  readonly endpoint: Endpoint
  close(): Promise<void>
}

interface Assigns {
  user: string
  auth_token: string | null
}

const CACHE_CONTROL = "max-age=0, private, must-revalidate"
const SAMPLE = Uint8Array.of(0x00, 0x01, 0x02, 0xff)
const SLOW_JOIN_MS = 500
const LATE_REPLY_MS = 100

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const isBytes = (payload: unknown): payload is Uint8Array => payload instanceof Uint8Array

/** Checks for the payloads that Phoenix accepts in its frames: a map, or bytes. */
function mapOrBytes(payload: unknown): object {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) throw new Error("not a map")
  return payload
}

function bytesOnly(payload: unknown): Uint8Array {
  if (!isBytes(payload)) throw new Error("not bytes")
  return payload
}

function integerOf(payload: unknown, name: string): number {
  const value = (payload as Record<string, unknown> | null)?.[name]
  if (!Number.isInteger(value)) throw new Error(`no ${name}`)
  return value as number
}

function connectWith(refusal: { status?: number; body?: string }): Connect<Assigns> {
  return ({ params, authToken }) => {
    if (params["token"] === "bad") return false
    if (params["token"] === "limited") throw new Refused({ reason: "rate_limited" }, refusal)
    const user = params["user"] ?? "anon"
    if (typeof user !== "string") throw new TypeError("a user that is not text")
    return { id: `user:${user}`, assigns: { user, auth_token: authToken } }
  }
}

function addRooms(endpoint: Endpoint): void {
  endpoint.channel("room:*", {
    join({ topic, params }) {
      const payload = params as Record<string, unknown> | null
      switch (topic) {
        case "room:denied":
          throw new Refused({ reason: "unauthorized" })
        case "room:crash_join":
          throw new Error("crash in join")
        case "room:slow":
          return wait(SLOW_JOIN_MS).then(() => ({ topic }))
        case "room:bare":
          return undefined
        case "room:gate":
          if (payload?.["deny"] === true) throw new Refused({ reason: "gate" })
          if (payload?.["crash"] === true) throw new Error("crash in join")
          return { topic }
        case "room:params":
          return { params }
        default:
          return { topic }
      }
    },
    joined(room) {
      if (room.topic === "room:after_join") room.push("welcome", { hello: room.assigns.user })
    },
    receive: {
      echo: (payload) => payload,
      fail: () => {
        throw new Refused({ reason: "nope" })
      },
      custom_status: () => reply("busy", { retry: 1 }),
      ok_bare: () => undefined,
      shout: (payload, room) => room.broadcast("shout", mapOrBytes(payload)),
      shout_from: (payload, room) => room.broadcastFrom("shout", mapOrBytes(payload)),
      noreply: (_payload, room) => room.noReply,
      crash: () => {
        throw new Error("crash")
      },
      stop: (_payload, room) => stop(room, "normal"),
      stop_shutdown: (_payload, room) => stop(room, { shutdown: "bye" }),
      stop_error: (_payload, room) => stop(room, "oops"),
      stop_reply: (_payload, room) => room.stop("shutdown"),
      push_me(payload, room) {
        room.push("pushed", mapOrBytes(payload))
        return room.noReply
      },
      push_then_reply(payload, room) {
        room.push("pushed", mapOrBytes(payload))
        return { after: "push" }
      },
      late_reply(payload, room) {
        const answer = room.replyTo()
        setTimeout(() => answer("ok", payload), LATE_REPLY_MS)
        return room.noReply
      },
      two_replies(_payload, room) {
        const answer = room.replyTo()
        answer("ok", { n: 1 })
        answer("ok", { n: 2 })
        return room.noReply
      },
      burst(payload, room) {
        const sent = integerOf(payload, "n")
        for (let i = 1; i <= sent; i++) room.push("burst", { i })
        return { sent }
      },
      binary: bytesOnly,
      binary_err: (payload) => {
        throw new Refused(bytesOnly(payload))
      },
      bin_push: (_payload, room) => room.push("bin", SAMPLE),
      bin_shout: (payload, room) => room.broadcast("bin", isBytes(payload) ? payload : SAMPLE),
      disconnect_me(_payload, room) {
        endpoint.disconnect(room.socket.id ?? "")
        return room.noReply
      },
      whoami: (_payload, room) => room.assigns,
      async sleep(payload) {
        const slept = integerOf(payload, "ms")
        await wait(slept)
        return { slept }
      },
    },
  })
}

function stop(room: Channel, reason: "normal" | "oops" | { shutdown: string }): Channel["noReply"] {
  room.stop(reason)
  return room.noReply
}

function addPresence(endpoint: Endpoint): void {
  endpoint.channel("presence:*", {
    joined(room) {
      const { user } = room.assigns as Assigns
      const name: unknown = room.params?.name ?? user
      room.track(user, { online_at: String(Math.floor(Date.now() / 1000)), name })
    },
    receive: {
      update(payload, room) {
        room.update(room.assigns.user, (meta: object) => ({ ...meta, name: payload.name ?? null }))
      },
      untrack: (_payload, room) => room.untrack(room.assigns.user),
      list: (_payload, room) => room.presences,
    },
  })
}

function answer(response: ServerResponse, status: number, body = ""): void {
  response.writeHead(status, { "cache-control": CACHE_CONTROL })
  response.end(body)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.parse(Buffer.concat(chunks).toString() || "{}")
}

async function serve(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname.split("/").map(decodeURIComponent)
  if (request.method === "GET" && path.join("/") === "/health") return answer(response, 200, "ok")
  if (request.method === "POST" && path.length === 4 && path[1] === "broadcast") {
    endpoint.broadcast(path[2] as string, path[3] as string, await readJson(request))
    return answer(response, 202)
  }
  answer(response, 404, "not found")
}

/** Starts the application; port 0 takes any free port. */
export async function startReferenceApp(port = 0, log = false): Promise<ReferenceApp> {
  const endpoint = new Endpoint({
    path: "/socket",
    connect: connectWith({}),
    origins: "*",
    ...(log ? {} : { logger: false }),
    limits: {
      // The limits are Phoenix's; those that Phoenix lacks are off.
      frameBytes: 10_000_000,
      messageBytes: 8_000_000,
      bodyBytes: 8_000_000,
      pushesPerSecond: Infinity,
      framesPerSecond: Infinity,
      joinsPerSecond: Infinity,
      topicBytes: Infinity,
      messageMs: Infinity,
      heldBytes: Infinity,
      pendingPushes: Infinity,
      pendingBytes: Infinity,
      queuedBytes: Infinity,
      joinMs: Infinity,
      connections: Infinity,
      connectionsPerAddress: Infinity,
      connectsPerSecond: Infinity,
      halfOpen: Infinity,
      handshakeMs: Infinity,
      pipelined: Infinity,
    },
  })
  endpoint
    .socket("/fast", { authToken: false, limits: { idleMs: 1500, pollWindowMs: 1000 } })
    .socket("/strict", { authToken: false, origins: ["https://good.example", "//*.wild.example"] })
    .socket("/errh", {
      authToken: false,
      longpoll: false,
      connect: connectWith({ status: 429, body: "Too many requests" }),
    })
    .socket("/small", { authToken: false, longpoll: false, limits: { frameBytes: 1000 } })
    .socket("/deflate", { authToken: false, longpoll: false, compress: true })
  addRooms(endpoint)
  addPresence(endpoint)
  endpoint.channel("bare:*", {}).channel("exact", {})

  const server = createServer((request, response) => {
    serve(endpoint, request, response).catch(() => {
      response.setHeader("content-type", "application/json; charset=utf-8")
      answer(response, 400, '{"error":"Bad Request"}')
    })
  })
  endpoint.attach(server)
  await new Promise<void>((resolve) => server.listen(port, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    endpoint,
    async close() {
      server.close()
      await endpoint.close()
      server.closeAllConnections()
    },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--port")
  const app = await startReferenceApp(at === -1 ? 4400 : Number(process.argv[at + 1]), true)
  console.log(`reference app listening on http://localhost:${app.port}`)
  const stopApp = (): void => void app.close().then(() => process.exit(0))
  process.once("SIGTERM", stopApp)
  process.once("SIGINT", stopApp)
}
