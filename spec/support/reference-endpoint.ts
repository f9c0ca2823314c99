import { Endpoint, Refused, reply, type Channel, type Connect } from "rookery/server"

interface Assigns {
  user: string
  auth_token: string | null
}

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

/** Options of {@link makeReferenceEndpoint}. */
export interface ReferenceOptions {
  /** Whether it logs. */
  readonly log?: boolean
  /** Whether its runtime hands over whole messages, so that single frames cannot be limited. */
  readonly wholeMessages?: boolean
  /** Whether its runtime can deflate. */
  readonly compress?: boolean
}

/** The application of the recorded Phoenix server, on a Rookery endpoint. */
export function makeReferenceEndpoint({
  log = false,
  wholeMessages = false,
  compress = true,
}: ReferenceOptions = {}): Endpoint {
  const endpoint = new Endpoint({
    path: "/socket",
    connect: connectWith({}),
    origins: "*",
    ...(log ? {} : { logger: false }),
    limits: {
      // The limits are Phoenix's; those that Phoenix lacks are off.
      ...(wholeMessages ? {} : { frameBytes: 10_000_000 }),
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
    .socket("/small", {
      authToken: false,
      longpoll: false,
      limits: wholeMessages ? { messageBytes: 1000 } : { frameBytes: 1000 },
    })
    .socket("/deflate", { authToken: false, longpoll: false, compress })
  addRooms(endpoint)
  addPresence(endpoint)
  endpoint.channel("bare:*", {}).channel("exact", {})
  return endpoint
}
