import * as current from "phoenix"
import type { Channel, PushStatus, Socket } from "phoenix"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { Endpoint } from "rookery/server"
import { startServer } from "../support/http-server.js"
import { startInteropApp, type InteropApp } from "../support/interop-app.js"
import { phoenix17 } from "../support/phoenix-1-7.js"

type Library = typeof current

const VERSIONS: [name: string, library: Library][] = [
  ["phoenix 1.8.16", current],
  ["phoenix 1.7.21", phoenix17],
]

const WAYS = [
  ["websocket", "/socket", () => ({ transport: WebSocket })],
  ["long-poll", "/polled", ({ LongPoll }: Library) => ({ transport: LongPoll })],
  ["a fallback", "/polled", () => ({ transport: WebSocket, longPollFallbackMs: 10_000 })],
] as const

const SOON = { rejoinAfterMs: () => 10, reconnectAfterMs: () => 10 }
const BYTES = Uint8Array.of(1, 2, 255)

let app: InteropApp
const sockets: Socket[] = []

beforeEach(async () => {
  app = await startInteropApp()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect()
  await app.close()
})

/** Connects. The options are not checked by type, because the two versions take different ones. */
function connect(library: Library, url: string, options: object): Socket {
  const socket = new library.Socket(url, { ...SOON, ...options })
  sockets.push(socket)
  socket.connect()
  return socket
}

type Push = ReturnType<Channel["push"]>

const answered = (push: Push | ReturnType<Channel["leave"]>): Promise<[status: string, response: unknown]> =>
  new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout", "busy"] as PushStatus[])
      push.receive(status, (response) => resolve([status, response]))
  })

const next = (room: Channel, event: string): Promise<unknown> =>
  new Promise((resolve) => {
    const ref = room.on(event, (payload) => {
      room.off(event, ref)
      resolve(payload)
    })
  })

const buffer = (bytes: Uint8Array): object => Uint8Array.from(bytes).buffer
const bytesOf = (payload: unknown): Uint8Array => new Uint8Array(payload as ArrayBuffer)

/** Resolves as soon as a presence looks as it should. */
function synced(presence: { onSync(callback: () => void): void }, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (holds()) resolve()
    }
    presence.onSync(look)
    look()
  })
}

describe.each(VERSIONS)("%s", (_version, library) => {
  describe.each(WAYS)("over %s", (way, path, optionsOf) => {
    const enter = (user: string, options: object = {}): Socket =>
      connect(library, `ws://127.0.0.1:${app.port}${path}`, { params: { user }, ...optionsOf(library), ...options })

    it("joins with params that are asked for at every join", async () => {
      let joins = 0
      const room = enter("ada").channel("room:params", () => ({ join: ++joins }))
      const join = room.join()
      expect(await answered(join)).toEqual(["ok", { params: { join: joins } }])
      const before = joins
      const again = new Promise((resolve) => {
        join.receive("ok", (response) => void (response.params.join > before && resolve(response)))
      })
      room.push("crash", {})
      expect(await again).toEqual({ params: { join: joins } })
      expect(joins).toBeGreaterThan(before)
    })

    it("is answered with any status, now or later or never", async () => {
      const room = enter("ada").channel("room:1", {})
      expect(await answered(room.join())).toEqual(["ok", { topic: "room:1" }])
      expect(await answered(room.push("echo", { a: [1, null, "ü"] }))).toEqual(["ok", { a: [1, null, "ü"] }])
      expect(await answered(room.push("ok_bare", {}))).toEqual(["ok", {}])
      expect(await answered(room.push("fail", {}))).toEqual(["error", { reason: "nope" }])
      expect(await answered(room.push("custom_status", {}))).toEqual(["busy", { retry: 1 }])
      expect(await answered(room.push("late_reply", { late: true }))).toEqual(["ok", { late: true }])
      const [status] = await answered(room.push("noreply", {}, 20))
      expect(status).toBe("timeout")
    })

    it("is refused, and joins once it may", async () => {
      let deny = true
      const room = enter("ada").channel("room:gate", () => ({ deny }))
      const join = room.join()
      expect(await answered(join)).toEqual(["error", { reason: "gate" }])
      deny = false
      await new Promise((resolve) => join.receive("ok", resolve))
      expect(await answered(room.push("echo", { in: 1 }))).toEqual(["ok", { in: 1 }])
      const nowhere = enter("bob").channel("nowhere", {})
      expect(await answered(nowhere.join())).toEqual(["error", { reason: "unmatched topic" }])
    })

    it("hears its own broadcasts and those of others, and what only it is told", async () => {
      const [ada, bob] = [enter("ada").channel("room:1", {}), enter("bob").channel("room:1", {})]
      const heard: unknown[] = []
      ada.on("shout", (payload) => void heard.push(payload))
      for (const room of [ada, bob]) await answered(room.join())
      expect(await answered(ada.push("shout", { from: "ada" }))).toEqual(["ok", {}])
      expect(await answered(ada.push("shout_from", { to: "others" }))).toEqual(["ok", {}])
      const last = next(ada, "pushed")
      expect(await answered(bob.push("shout", { from: "bob" }))).toEqual(["ok", {}])
      ada.push("push_me", { only: "ada" })
      expect(await last).toEqual({ only: "ada" })
      expect(heard).toEqual([{ from: "ada" }, { from: "bob" }])
    })

    it("gets many messages in their order, in many rooms", async () => {
      const socket = enter("ada")
      const rooms = Array.from({ length: 30 }, (_, i) => socket.channel(`room:${i}`, {}))
      const joined = await Promise.all(rooms.map((room) => answered(room.join())))
      expect(joined).toEqual(rooms.map(({ topic }) => ["ok", { topic }]))
      const [first] = rooms as [Channel]
      const heard: number[] = []
      first.on("burst", ({ i }) => void heard.push(i))
      const answers = await Promise.all([
        answered(first.push("burst", { n: 300 })),
        ...rooms.map((room, i) => answered(room.push("echo", { i }))),
      ])
      expect(answers).toEqual([["ok", { sent: 300 }], ...rooms.map((_, i) => ["ok", { i }])])
      expect(heard).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
    })

    it("joins again after a crash", async () => {
      const room = enter("ada").channel("room:1", {})
      await answered(room.join())
      const crashed = new Promise((resolve) => room.onError(resolve))
      room.push("crash", {})
      expect(await crashed).toEqual({ reason: "channel_crash" })
      expect(await answered(room.push("echo", { back: 1 }))).toEqual(["ok", { back: 1 }])
    })

    it("stays away after the server has stopped its channel", async () => {
      const socket = enter("ada")
      const room = socket.channel("room:1", {})
      await answered(room.join())
      const closed = new Promise<void>((resolve) => room.onClose(() => resolve()))
      expect(await answered(room.push("stop_reply", {}))).toEqual(["ok", {}])
      await closed
      expect(room.state).toBe("closed")
    })

    it("leaves, hears nothing of what comes then, and joins again", async () => {
      const [socket, bob] = [enter("ada"), enter("bob").channel("room:1", {})]
      await answered(bob.join())
      const room = socket.channel("room:1", {})
      const heard: unknown[] = []
      room.on("shout", (payload) => void heard.push(payload))
      await answered(room.join())
      // The client answers its own leave, and bob's connection may overtake ada's.
      const left = new Promise<void>((resolve) => {
        app.endpoint.on("channelEnded", ({ reason }) => reason.kind === "left" && resolve())
      })
      expect(await answered(room.leave())).toEqual(["ok", {}])
      await left
      await answered(bob.push("shout", { n: 1 }))
      const again = socket.channel("room:1", {})
      again.on("shout", (payload) => void heard.push(payload))
      await answered(again.join())
      const second = next(again, "shout")
      await answered(bob.push("shout", { n: 2 }))
      await second
      expect(heard).toEqual([{ n: 2 }])
    })

    it("gives a topic to the channel that joined it last", async () => {
      const socket = enter("ada")
      const [first, second] = [socket.channel("room:1", {}), socket.channel("room:1", {})]
      await answered(first.join())
      const closed = new Promise<void>((resolve) => first.onClose(() => resolve()))
      expect(await answered(second.join())).toEqual(["ok", { topic: "room:1" }])
      await closed
      expect([first.state, second.state]).toEqual(["closed", "joined"])
      expect(await answered(second.push("echo", { n: 2 }))).toEqual(["ok", { n: 2 }])
      expect(app.endpoint.counters().rookery_channels).toBe(1)
    })

    it("keeps a presence: who comes, who changes, who goes", async () => {
      const [ada, bob] = [
        enter("ada").channel("presence:1", { name: "Ada" }),
        enter("bob").channel("presence:1", { name: "Bob" }),
      ]
      const presence = new library.Presence(ada)
      const names = (): string => presence.list((key, { metas }) => `${key}:${metas[0].name}`).join()
      const told: string[] = []
      // A client that falls back to long-poll during its join joins twice, and receives its own presence once more.
      const tell = (what: string): unknown => (way === "a fallback" && told.at(-1) === what) || told.push(what)
      presence.onJoin((key, present) => void tell(`${present === undefined ? "+" : "~"}${key}`))
      presence.onLeave((key, present) => void (present.metas.length === 0 && tell(`-${key}`)))
      await answered(ada.join())
      await synced(presence, () => names() === "ada:Ada")
      await answered(bob.join())
      await synced(presence, () => names() === "ada:Ada,bob:Bob")
      expect(await answered(bob.push("update", { name: "Robert" }))).toEqual(["ok", {}])
      await synced(presence, () => names() === "ada:Ada,bob:Robert")
      bob.leave()
      await synced(presence, () => names() === "ada:Ada")
      expect(told).toEqual(["+ada", "~ada", "+bob", "~bob", "-bob"])
    })

    it("measures the way to the server and back", async () => {
      const socket = enter("ada")
      await answered(socket.channel("room:1", {}).join())
      expect(await new Promise((resolve) => socket.ping(resolve))).toBeGreaterThanOrEqual(0)
    })

    it("sends bytes, and others hear them", async () => {
      const room = enter("ada").channel("room:1", {})
      const other = connect(library, `ws://127.0.0.1:${app.port}/socket`, { transport: WebSocket })
      const listener = other.channel("room:1", {})
      for (const each of [room, listener]) await answered(each.join())
      const heard = next(listener, "bin")
      room.push("bin_shout", buffer(BYTES))
      expect(bytesOf(await heard)).toEqual(BYTES)
    })
  })
})

// Over long-poll the former client treats a new session as the old one with its rooms, and never joins them again.
describe.each([
  ...WAYS.map((way) => ["phoenix 1.8.16", current, ...way] as const),
  ["phoenix 1.7.21", phoenix17, ...WAYS[0]] as const,
])("%s", (_version, library, way, path, optionsOf) => {
  it(`comes back after it was sent away, over ${way}`, async () => {
    const options = { params: { user: "ada" }, ...optionsOf(library) }
    const socket = connect(library, `ws://127.0.0.1:${app.port}${path}`, options)
    const room = socket.channel("room:1", {})
    await answered(room.join())
    const closed = new Promise<{ code: number }>((resolve) => socket.onClose((event) => resolve(event)))
    app.endpoint.disconnect("user:ada")
    // A push notices the lost session at once; a poll would only notice at the end of its window.
    if (way !== "websocket") room.push("noreply", {})
    expect(way === "websocket" ? [1001] : [1011, 3410]).toContain((await closed).code)
    expect(await answered(room.push("echo", { back: 1 }))).toEqual(["ok", { back: 1 }])
    expect(app.endpoint.counters().rookery_channels).toBe(1)
  })
})

describe.each(VERSIONS)("%s over websocket", (_, library) => {
  const enter = (options: object = {}): Socket =>
    connect(library, `ws://127.0.0.1:${app.port}/socket`, { transport: WebSocket, ...options })

  it("gets bytes for replies, pushes and broadcasts", async () => {
    const room = enter().channel("room:1", {})
    await answered(room.join())
    for (const [event, expected] of [
      ["binary", "ok"],
      ["binary_err", "error"],
      ["echo", "ok"],
    ] as const) {
      const [status, response] = await answered(room.push(event, buffer(BYTES)))
      expect([status, bytesOf(response)]).toEqual([expected, BYTES])
    }
    const pushed = next(room, "pushed")
    room.push("push_me", buffer(BYTES))
    expect(bytesOf(await pushed)).toEqual(BYTES)
    const shouted = next(room, "shout")
    room.push("shout", buffer(BYTES))
    expect(bytesOf(await shouted)).toEqual(BYTES)
  })

  it("has its heartbeats answered", async () => {
    const socket = enter({ heartbeatIntervalMs: 100 })
    const answers: unknown[] = []
    await new Promise<void>((resolve) => {
      socket.onMessage((message) => {
        const { topic, payload } = message as { topic: string; payload: unknown }
        if (topic === "phoenix" && answers.push(payload) === 3) resolve()
      })
    })
    expect(answers).toEqual(answers.map(() => ({ status: "ok", response: {} })))
  })

  it("finds the next server after a drain", async () => {
    await using http = await startServer()
    await movesOn(http.server, () => connect(library, `ws://127.0.0.1:${http.port}/socket`, { transport: WebSocket }))
  })
})

describe("phoenix 1.8.16", () => {
  it.each(WAYS)("hands over its auth token over %s", async (_, path, optionsOf) => {
    const socket = connect(current, `ws://127.0.0.1:${app.port}${path}`, {
      ...optionsOf(current),
      params: { user: "ada" },
      authToken: "a token?>",
    })
    const room = socket.channel("room:1", {})
    await answered(room.join())
    expect(await answered(room.push("whoami", {}))).toEqual(["ok", { user: "ada", auth_token: "a token?>" }])
  })

  it("finds the next server after a drain over long-poll", async () => {
    await using http = await startServer()
    const url = `ws://127.0.0.1:${http.port}/socket`
    await movesOn(http.server, () => connect(current, url, { transport: current.LongPoll }))
  })

  it("tries again after a server that was full turned it away over long-poll", async () => {
    await using endpoint = new Endpoint({ logger: false, limits: { connections: 1 } })
    const { port } = await endpoint.listen()
    const refused = new Promise((resolve) => endpoint.on("connectRefused", resolve))
    const line = { params: { vsn: "2.0.0" }, frame() {}, closed() {} }
    const other = await endpoint.connectInProcess(line)
    const again = new Promise((resolve) => endpoint.on("socketConnected", resolve))
    connect(current, `ws://127.0.0.1:${port}/socket`, { transport: current.LongPoll })
    expect(await refused).toMatchObject({ status: 503, reason: "connections" })
    other.close()
    expect(await again).toMatchObject({ socket: { transport: "longpoll" } })
  })

  it("learns by its next poll that it was sent away", async () => {
    const socket = connect(current, `ws://127.0.0.1:${app.port}/polled`, {
      transport: current.LongPoll,
      params: { user: "ada" },
    })
    const room = socket.channel("room:1", {})
    await answered(room.join())
    const closed = new Promise<{ code: number }>((resolve) => socket.onClose((event) => resolve(event)))
    app.endpoint.disconnect("user:ada")
    expect((await closed).code).toBe(3410)
    expect(await answered(room.push("echo", { back: 1 }))).toEqual(["ok", { back: 1 }])
  })
})

/** Drains one endpoint, and starts another in its place. */
async function movesOn(server: Parameters<Endpoint["attach"]>[0], enter: () => Socket): Promise<void> {
  const start = (name: string): Endpoint => {
    const endpoint = new Endpoint({ logger: false, limits: { pollWindowMs: 4000 } })
    endpoint.channel("room:*", { join: () => ({ on: name }), receive: { where: () => name } })
    endpoint.attach(server)
    return endpoint
  }
  const first = start("the first")
  const room = enter().channel("room:1", {})
  expect(await answered(room.join())).toEqual(["ok", { on: "the first" }])
  const lost = new Promise((resolve) => room.onError(resolve))
  await first.close()
  await using second = start("the second")
  await lost
  expect(await answered(room.push("where", {}))).toEqual(["ok", "the second"])
  expect(first.counters().rookery_sockets).toBe(0)
  expect(second.counters().rookery_channels).toBe(1)
}
