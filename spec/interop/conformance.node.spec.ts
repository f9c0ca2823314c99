import {
  json,
  jsonV1,
  longPoll,
  Presence,
  Socket,
  webSocket,
  withFallback,
  type Channel,
  type MessageSerializer,
  type PushError,
  type RookeryError,
  type SocketOptions,
  type Transport,
} from "rookery"
import { msgpack } from "rookery/msgpack"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { inProcess } from "../support/in-process-transport.js"
import { startInteropApp, type InteropApp } from "../support/interop-app.js"
import { withPlainBytes } from "../support/serializers.js"

interface Way {
  readonly path: string
  transport(app: InteropApp): Transport
}

const WAYS: Record<string, Way> = {
  websocket: { path: "/socket", transport: () => webSocket() },
  "long-poll": { path: "/polled", transport: () => longPoll() },
  "a refused websocket and long-poll": {
    path: "/polled",
    transport: () => withFallback(webSocket(), longPoll(), { after: 10_000, storage: undefined }),
  },
  "a line in process": { path: "/socket", transport: ({ endpoint }) => inProcess(endpoint) },
}

const SERIALIZERS: Record<string, () => MessageSerializer> = {
  json: () => json(),
  "json-v1": () => jsonV1(),
  msgpack: () => msgpack(),
}

const TABLE = Object.keys(WAYS).flatMap((way) =>
  Object.keys(SERIALIZERS).map((serializer) => [serializer, way] as const),
)

const BYTES = Uint8Array.of(0, 1, 2, 255)

let app: InteropApp
const sockets: Socket[] = []

beforeEach(async () => {
  app = await startInteropApp()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await app.close()
})

function enter(way: string, serializer: string, user: string, options: SocketOptions = {}): Socket {
  const { path, transport } = WAYS[way] as Way
  const socket = new Socket(`ws://127.0.0.1:${app.port}${path}`, {
    transport: transport(app),
    serializer: (SERIALIZERS[serializer] as () => MessageSerializer)(),
    params: { user },
    reconnectAfterMs: () => 10,
    rejoinAfterMs: () => 10,
    ...options,
  })
  sockets.push(socket)
  socket.connect()
  return socket
}

/** The next message of an event; call it before the step that causes the message. */
const next = (room: Channel, event: string): Promise<unknown> =>
  new Promise((resolve) => {
    room.listen(event, (payload) => resolve(withPlainBytes(payload)), { once: true })
  })

const failure = <E = RookeryError>(push: PromiseLike<unknown>): Promise<E> =>
  Promise.resolve(push).then(
    (response) => expect.fail(`answered with ${JSON.stringify(response)}`),
    (error: E) => error,
  )

function synced(presence: Presence, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (holds()) resolve()
    }
    presence.onSync(look)
    look()
  })
}

describe.each(TABLE)("the client with %s over %s", (serializer, way) => {
  const as = (user: string, options?: SocketOptions): Socket => enter(way, serializer, user, options)

  describe("a join", () => {
    it("carries params and is answered", async () => {
      const params = { name: "Ada", tags: ["a", "b"], deep: { n: 1.5, none: null } }
      const room = as("ada").channel("room:params", params)
      expect(await room.join()).toEqual({ params })
      expect(room.state).toBe("joined")
    })

    it("waits for params that take a while, and asks for them anew at each rejoin", async () => {
      let joins = 0
      const room = as("ada").channel("room:params", async () => ({ join: ++joins }))
      expect(await room.join()).toEqual({ params: { join: 1 } })
      const again = new Promise((resolve) => room.joinPush.receive("ok", (response) => joins > 1 && resolve(response)))
      room.push("crash")
      expect(await again).toEqual({ params: { join: 2 } })
    })

    it("is refused with the reason of the server", async () => {
      const error = await failure<PushError>(as("ada").channel("room:denied").join())
      expect([error.code, error.status, error.response]).toEqual(["refused", "error", { reason: "unauthorized" }])
    })

    it("is tried again after it was refused", async () => {
      let deny = true
      const room = as("ada").channel("room:gate", () => ({ deny }))
      const join = room.join()
      expect((await failure(join)).code).toBe("refused")
      deny = false
      await new Promise((resolve) => join.receive("ok", resolve))
      expect(await room.push("echo", { in: 1 })).toEqual({ in: 1 })
    })

    it("a join of a topic that is not served is refused", async () => {
      const error = await failure<PushError>(as("ada").channel("nowhere").join())
      expect(error.response).toEqual({ reason: "unmatched topic" })
    })

    it("a slow join delays no other, and its pushes wait for it", async () => {
      const socket = as("ada")
      const held = socket.channel("held:1")
      held.join()
      const early = held.push("echo", { early: true })
      await socket.join("room:1")
      expect(held.state).toBe("joining")
      app.release()
      expect(await early).toEqual({ early: true })
    })
  })

  describe("a push", () => {
    it("is answered with what the server says", async () => {
      const room = await as("ada").join("room:1")
      const payload = { text: "hé\u{1f600}\u0000", list: [1, -2, 0.5, true, null], deep: { a: { b: [] } } }
      expect(await room.push("echo", payload)).toEqual(payload)
      expect(await room.push("ok_bare")).toEqual({})
      expect(await room.push("late_reply", { late: true })).toEqual({ late: true })
      const refused = await failure<PushError>(room.push("fail"))
      expect([refused.status, refused.response]).toEqual(["error", { reason: "nope" }])
      const busy = await failure<PushError>(room.push("custom_status"))
      expect([busy.status, busy.response]).toEqual(["busy", { retry: 1 }])
      expect(await new Promise((resolve) => room.push("two_replies").receive("ok", resolve))).toEqual({ n: 1 })
    })

    it("a push without a reply times out, and other pushes do not", async () => {
      const room = await as("ada").join("room:1")
      const silent = failure(room.push("noreply", {}, 20))
      expect(await room.push("echo", { n: 1 })).toEqual({ n: 1 })
      expect((await silent).code).toBe("timeout")
    })

    it("many pushes are answered in order, each with its own reply", async () => {
      const room = await as("ada").join("room:1")
      const order: number[] = []
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const response = await room.push("echo", { i })
          order.push(i)
          return response
        }),
      )
      expect(answers).toEqual(answers.map((_, i) => ({ i })))
      expect(order).toEqual(order.map((_, i) => i))
    })

    it("a large push waits until the connection has room, and arrives whole", async () => {
      const room = await as("ada", { highWaterMark: 100_000 }).join("room:1")
      const texts = [..."abcd"].map((letter) => letter.repeat(500_000))
      const answers = (await Promise.all(texts.map((text) => room.push("echo", { text })))) as { text: string }[]
      // toEqual would print a difference of megabytes.
      expect(answers.map(({ text }, i) => text === texts[i])).toEqual(texts.map(() => true))
    })
  })

  describe("a room", () => {
    it("hears what only its client is told, before the reply", async () => {
      const room = await as("ada").join("room:1")
      const order: unknown[] = []
      room.on("pushed", (payload) => order.push(payload))
      order.push(await room.push("push_then_reply", { n: 1 }))
      expect(order).toEqual([{ n: 1 }, { after: "push" }])
      const burst: number[] = []
      room.on("burst", ({ i }) => burst.push(i))
      expect(await room.push("burst", { n: 100 })).toEqual({ sent: 100 })
      expect(burst).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    })

    it("is welcomed after its join", async () => {
      const room = as("ada").channel("room:after_join")
      const welcome = next(room, "welcome")
      await room.join()
      expect(await welcome).toEqual({ hello: "ada" })
    })

    it("hears its own broadcasts, and those of others", async () => {
      const [ada, bob] = await Promise.all([as("ada").join("room:1"), as("bob").join("room:1")])
      const heard: unknown[] = []
      ada.on("shout", (payload) => heard.push(payload))
      await ada.push("shout", { from: "ada" })
      await ada.push("shout_from", { to: "others" })
      const last = next(ada, "last")
      await bob.push("shout", { from: "bob" })
      await bob.push("shout_from", { from: "bob, to others" })
      app.endpoint.broadcast("room:1", "last", { from: "the endpoint" })
      expect(await last).toEqual({ from: "the endpoint" })
      expect(heard).toEqual([{ from: "ada" }, { from: "bob" }, { from: "bob, to others" }])
    })

    it("is one of a hundred on a socket, and hears only its own", async () => {
      const socket = as("ada")
      const rooms = await Promise.all(Array.from({ length: 100 }, (_, i) => socket.join(`room:${i}`)))
      const heard: string[] = []
      for (const room of rooms) room.on("shout", ({ topic }) => heard.push(`${room.topic} ${topic}`))
      await Promise.all(rooms.map((room) => room.push("shout", { topic: room.topic })))
      expect(heard.sort()).toEqual(rooms.map(({ topic }) => `${topic} ${topic}`).sort())
      expect((await failure<PushError>(socket.join("room:100"))).response).toEqual({
        reason: "too many channels joined",
      })
    })

    it("is left, hears no more, and can be joined again", async () => {
      const [ada, bob] = await Promise.all([as("ada").join("room:1"), as("bob").join("room:1")])
      const heard: unknown[] = []
      ada.on("shout", (payload) => heard.push(payload))
      // The client answers its own leave, and bob's connection may overtake ada's.
      const left = new Promise((resolve) => app.endpoint.on("channelEnded", resolve))
      await ada.leave()
      await left
      await bob.push("shout", { n: 1 })
      expect(await ada.join()).toEqual({ topic: "room:1" })
      const second = next(ada, "shout")
      await bob.push("shout", { n: 2 })
      await second
      expect(heard).toEqual([{ n: 2 }])
    })

    it("is joined once for all who subscribe, and left with the last", async () => {
      const socket = as("ada")
      const heard: string[] = []
      const [first, second] = ["first", "second"].map((name) =>
        socket.subscribe("room:1", { shout: () => void heard.push(name) }),
      ) as [ReturnType<Socket["subscribe"]>, ReturnType<Socket["subscribe"]>]
      await first.joined
      await second.joined
      expect(app.endpoint.counters().rookery_channels_joined_total).toBe(1)
      await first.channel.push("shout", {})
      first.unsubscribe()
      await second.channel.push("shout", {})
      expect(heard).toEqual(["first", "second", "second"])
      const ended = new Promise<unknown>((resolve) => app.endpoint.on("channelEnded", resolve))
      second.unsubscribe()
      expect(await ended).toMatchObject({ topic: "room:1", reason: { kind: "left" } })
    })

    it("goes to whoever joined it last on a socket", async () => {
      const socket = as("ada")
      const first = await socket.join("room:1")
      const closed = new Promise((resolve) => first.onClose(resolve))
      const second = await socket.join("room:1")
      await closed
      expect([first.state, second.state]).toEqual(["closed", "joined"])
      expect(await second.push("echo", { n: 2 })).toEqual({ n: 2 })
      expect(app.endpoint.counters().rookery_channels).toBe(1)
    })

    it("is joined again after it crashed, and the push that crashed it fails", async () => {
      const room = await as("ada").join("room:1")
      const crashed = new Promise((resolve) => room.onError(resolve))
      expect((await failure(room.push("crash"))).code).toBe("channel_crashed")
      expect(await crashed).toEqual({ reason: "channel_crash" })
      expect(await room.push("echo", { back: 1 })).toEqual({ back: 1 })
    })

    it("stays closed after the server stopped it", async () => {
      const room = await as("ada").join("room:1")
      const closed = new Promise((resolve) => room.onClose(resolve))
      expect(await room.push("stop_reply")).toEqual({})
      await closed
      expect(room.state).toBe("closed")
      expect((await failure(room.push("echo", {}))).code).toBe("channel_closed")
    })

    it("is closed to a client that is kicked, and the others stay", async () => {
      const socket = as("ada")
      const [room, other] = [await socket.join("room:1"), await socket.join("room:2")]
      const closed = new Promise((resolve) => room.onClose(resolve))
      app.endpoint.kick("room:1", "user:ada")
      await closed
      expect([room.state, other.state]).toEqual(["closed", "joined"])
      expect(await other.push("echo", { n: 1 })).toEqual({ n: 1 })
      expect(await room.join()).toEqual({ topic: "room:1" })
    })
  })

  it("knows who is present: who comes, who changes, who goes", async () => {
    const ada = as("ada").channel("presence:1", { name: "Ada" })
    const bob = as("bob").channel("presence:1", { name: "Bob" })
    const presence = new Presence(ada)
    const names = (): string => presence.list((key, { metas }) => `${key}:${metas[0].name}`).join()
    const told: string[] = []
    presence.onJoin((key, current) => void told.push(`${current === undefined ? "+" : "~"}${key}`))
    presence.onLeave((key, remaining) => void (remaining.metas.length === 0 && told.push(`-${key}`)))
    await ada.join()
    await synced(presence, () => names() === "ada:Ada")
    await bob.join()
    await synced(presence, () => names() === "ada:Ada,bob:Bob")
    await bob.push("update", { name: "Robert" })
    await synced(presence, () => names() === "ada:Ada,bob:Robert")
    expect(Object.keys(await bob.push("list"))).toEqual(["ada", "bob"])
    await bob.push("untrack")
    await synced(presence, () => names() === "ada:Ada")
    expect(told).toEqual(["+ada", "~ada", "+bob", "~bob", "-bob"])
  })

  it("comes back with its rooms after the server sent it away, and loses no push that waits", async () => {
    const socket = as("ada")
    const rooms = await Promise.all(["room:1", "room:2"].map((topic) => socket.join(topic)))
    const lost = Promise.all(rooms.map((room) => new Promise((resolve) => room.onError(resolve))))
    app.endpoint.disconnect("user:ada")
    // A push notices the lost session at once; a poll would only notice at the end of its window.
    const nudge = failure(rooms[0]?.push("noreply") as PromiseLike<unknown>)
    expect(await lost).toMatchObject(rooms.map(() => ({ source: "transport" })))
    expect((await nudge).code).toBe("disconnected")
    expect(await Promise.all(rooms.map((room) => room.push("echo", { back: room.topic })))).toEqual([
      { back: "room:1" },
      { back: "room:2" },
    ])
    expect(app.endpoint.counters().rookery_channels).toBe(2)
  })

  it("is known by its auth token", async () => {
    const room = await as("ada", { authToken: () => Promise.resolve("gehe?im>") }).join("room:1")
    expect(await room.push("whoami")).toEqual({ user: "ada", auth_token: "gehe?im>" })
  })

  it("measures the way to the server and back", async () => {
    const socket = as("ada")
    await socket.opened()
    expect(await new Promise((resolve) => socket.ping(resolve))).toBeGreaterThanOrEqual(0)
  })

  it("tells the server when it goes", async () => {
    const socket = as("ada")
    await socket.join("room:1")
    const ended = new Promise<unknown>((resolve) => app.endpoint.on("channelEnded", resolve))
    const left = await failure(socket.channel("room:denied").join())
    expect(left.code).toBe("refused")
    // Over long-poll the server notices only the silence, after one and a half windows.
    if (way.includes("poll")) app.endpoint.disconnect("user:ada")
    socket.disconnect()
    expect(await ended).toMatchObject({ topic: "room:1", reason: { kind: "closed" } })
  })
})

// V1 has no frame for bytes.
describe.each(TABLE.filter(([serializer]) => serializer !== "json-v1"))("bytes with %s over %s", (serializer, way) => {
  it("go out and come back as they were", async () => {
    const room = await enter(way, serializer, "ada").join("room:1")
    const every = Uint8Array.from({ length: 256 }, (_, i) => i)
    for (const bytes of [BYTES, every, new Uint8Array(0), new Uint8Array(100_000).fill(7)]) {
      const echo = withPlainBytes(await room.push("binary", bytes)) as Uint8Array
      expect(Buffer.compare(echo, bytes)).toBe(0)
    }
    const refused = await failure<PushError>(room.push("binary_err", BYTES))
    expect([refused.status, withPlainBytes(refused.response)]).toEqual(["error", BYTES])
  })

  it("come as pushes and as broadcasts", async () => {
    const [ada, bob] = await Promise.all(["ada", "bob"].map((user) => enter(way, serializer, user).join("room:1")))
    const both = Promise.all([ada, bob].map((room) => next(room as Channel, "shout")))
    await ada?.push("shout", BYTES)
    expect(await both).toEqual([BYTES, BYTES])
    const pushed = next(ada as Channel, "bin")
    await ada?.push("bin_push")
    expect(await pushed).toEqual(BYTES)
  })
})

it("clients of every serializer, over every way, hear each other in one room", async () => {
  const rooms = await Promise.all(
    TABLE.map(([serializer, way], i) => enter(way, serializer, `user ${i}`).join("room:1")),
  )
  for (const [i, room] of rooms.entries()) {
    const all = Promise.all(rooms.map((each) => next(each, "shout")))
    const payload = { from: TABLE[i]?.join(), list: [1, "ü", null] }
    expect(await room.push("shout", payload)).toEqual({})
    expect(await all).toEqual(rooms.map(() => payload))
  }
})

it("bytes reach everybody who has a frame for them", async () => {
  const able = TABLE.filter(([serializer]) => serializer !== "json-v1")
  const rooms = await Promise.all(able.map(([serializer, way], i) => enter(way, serializer, `${i}`).join("room:1")))
  const old = await enter("websocket", "json-v1", "old").join("room:1")
  for (const room of rooms) {
    const all = Promise.all(rooms.map((each) => next(each, "shout")))
    await room.push("shout", BYTES)
    expect(await all).toEqual(rooms.map(() => BYTES))
  }
  expect(await old.push("echo", { still: "here" })).toEqual({ still: "here" })
})
