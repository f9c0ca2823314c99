import { Socket, type Loose, type PresenceEntry } from "rookery"
import { Endpoint } from "rookery/server"
import { inProcess } from "rookery/testing"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Address } from "../../lib/react/channel-view.js"
import { Rooms } from "../../lib/react/rooms.js"
import { FakeClock } from "../support/fake-clock.js"
import { PATIENCE } from "../support/patience.js"

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

interface App {
  endpoint: Endpoint
  socket: Socket
  rooms: Rooms
  /** Joins and ends, in order. */
  seen: string[]
  at(topic: string, params?: unknown, recover?: boolean): Address
}

function app(clock?: FakeClock): App {
  const seen: string[] = []
  const endpoint = new Endpoint()
  endpoint.on("channelEnded", ({ topic, reason }) => seen.push(`${reason.kind} ${topic}`))
  endpoint.channel("room:*", {
    history: { size: 100, ttl: 60_000 },
    join({ topic, params }) {
      seen.push(`join ${topic} ${JSON.stringify(params)}`)
      if (topic === "room:silent") return new Promise<never>(() => {})
      return params
    },
    joined: (room) => room.push("welcome", {}),
    receive: { say: (payload, room) => void room.broadcast("said", payload) },
  })
  const socket = new Socket("ws://test/socket", { transport: inProcess(endpoint), clock })
  sockets.push(socket)
  socket.connect()
  const rooms = Rooms.of(socket)
  const at = (topic: string, params?: unknown, recover = false): Address =>
    new Address(rooms, topic, params, { recover }, `${JSON.stringify(params) ?? ""}${recover}`)
  return { endpoint, socket, rooms, seen, at }
}

const soon = (what: () => unknown, wanted: unknown): Promise<void> =>
  vi.waitFor(() => expect(what()).toEqual(wanted), { ...PATIENCE, interval: 1 })

describe("the rooms of a socket", () => {
  it("are the same for all who ask", () => {
    const { socket, rooms } = app()
    expect(Rooms.of(socket)).toBe(rooms)
  })

  it("are entered by nobody who leaves within the same turn", async () => {
    const { rooms, at, seen } = app()
    rooms.enter(at("room:1"))[1]()
    const [room] = rooms.enter(at("room:2"))
    await soon(() => room.view.state, "joined")
    expect(seen).toEqual(["join room:2 {}"])
    expect(rooms.find(at("room:1"))).toBeUndefined()
  })

  it("follow who says params, though somebody who says none came first", async () => {
    const { rooms, at, seen } = app()
    const [content] = rooms.enter(at("room:1"))
    const [demanding] = rooms.enter(at("room:1", { a: 1 }))
    await soon(() => [content.view.joined, demanding.view.joined], [{ a: 1 }, { a: 1 }])
    expect(seen).toEqual(['join room:1 {"a":1}'])
  })

  it("are joined anew for who says params, where those who are there have said none", async () => {
    const { rooms, at, seen } = app()
    const [content] = rooms.enter(at("room:1"))
    await soon(() => content.view.state, "joined")
    const [demanding] = rooms.enter(at("room:1", { a: 1 }))
    await soon(() => [content.view.joined, demanding.view.joined], [{ a: 1 }, { a: 1 }])
    await soon(() => seen, ["join room:1 {}", "left room:1", 'join room:1 {"a":1}'])
  })

  it("get what they missed if one of them asks for it, whoever came first, and tell it", async () => {
    const { endpoint, rooms, at, socket } = app()
    const [plain] = rooms.enter(at("room:1", { a: 1 }))
    const [recovering] = rooms.enter(at("room:1", { a: 1 }, true))
    const heard: Loose[] = []
    const told: Loose[] = []
    plain.listen("said", ({ n }) => heard.push(n))
    recovering.listen("phx_recovered", (recovery) => told.push(recovery))
    await soon(() => [plain.view.state, recovering.view.state], ["joined", "joined"])
    socket.disconnect()
    await soon(() => socket.isConnected(), false)
    await endpoint.broadcast("room:1", "said", { n: 1 })
    socket.connect()
    await soon(() => [heard, told], [[1], [{ recovered: true }]])
  })

  it("tell who wants what they missed that others have joined without", async () => {
    const { rooms, at } = app()
    const [plain] = rooms.enter(at("room:1", { a: 1 }))
    await soon(() => plain.view.state, "joined")
    const [recovering] = rooms.enter(at("room:1", { a: 1 }, true))
    await soon(() => recovering.view.error?.code, "params_differ")
    expect(plain.view.state).toBe("joined")
  })

  it("are joined with other params by who changes their mind, without a word of those who differ", async () => {
    const { rooms, at, seen } = app()
    const [before, leave] = rooms.enter(at("room:1", { a: 1 }))
    await soon(() => before.view.state, "joined")
    leave()
    const [after] = rooms.enter(at("room:1", { a: 2 }))
    const errors: unknown[] = []
    after.watch(() => errors.push(after.view.error))
    await soon(() => after.view.joined, { a: 2 })
    expect(errors.filter((error) => error !== undefined)).toEqual([])
    await soon(() => seen, ['join room:1 {"a":1}', "left room:1", 'join room:1 {"a":2}'])
  })

  it("go on when a channel that somebody else has made takes the topic, and when it is left", async () => {
    const { rooms, at, socket } = app()
    const [room] = rooms.enter(at("room:1"))
    const heard: Loose[] = []
    room.listen("said", ({ n }) => heard.push(n))
    await soon(() => room.view.state, "joined")
    const own = await socket.join("room:1", {})
    await soon(() => room.view.channel, own)
    await own.push("say", { n: 1 })
    await own.leave()
    await soon(() => [room.view.channel === own, room.view.state], [false, "joined"])
    await room.view.channel?.push("say", { n: 2 })
    expect(heard).toEqual([1, 2])
  })

  it("show what a channel of somebody else's was answered before they came, and leave it joined", async () => {
    const { rooms, at, socket, seen } = app()
    const own = await socket.join("room:1", { a: 1 })
    for (const _ of [1, 2]) {
      const [room, leave] = rooms.enter(at("room:1", { a: 1 }))
      await soon(() => room.view.channel, own)
      expect(room.view).toMatchObject({ state: "joined", joined: { a: 1 } })
      leave()
      rooms.leaveUnused()
    }
    expect(own.state).toBe("joined")
    expect(seen).toEqual(['join room:1 {"a":1}'])
  })

  it("ask a component that is still mounted, though the one that came first has gone", async () => {
    const { rooms, at, socket, seen } = app()
    const named = (name: string): Address => at("room:1", () => ({ name }))
    const [room, leaveFirst] = rooms.enter(named("first"))
    rooms.enter(named("second"))
    const [, leaveThird] = rooms.enter(named("third"))
    await soon(() => room.view.state, "joined")
    leaveFirst()
    leaveThird()
    socket.disconnect()
    await soon(() => room.view.state, "errored")
    socket.connect()
    const joins = (): string[] => seen.filter((what) => what.startsWith("join"))
    await soon(joins, ['join room:1 {"name":"third"}', 'join room:1 {"name":"second"}'])
  })

  it("hear what comes right after the join", async () => {
    const { rooms, at } = app()
    const [room] = rooms.enter(at("room:1"))
    const heard = new Promise((resolve) => room.listen("welcome", resolve))
    expect(await heard).toEqual({})
  })

  it("tell that no answer came in time", async () => {
    const clock = new FakeClock()
    const { rooms, at, seen } = app(clock)
    const [room] = rooms.enter(at("room:silent"))
    await soon(() => seen, ["join room:silent {}"])
    expect(room.view.state).toBe("joining")
    clock.pass(10_000)
    expect(room.view).toMatchObject({ state: "errored", error: { code: "timeout" } })
  })

  it("say that there is no channel to push to, once nobody is in the room", async () => {
    const { rooms, at } = app()
    const [room, leave] = rooms.enter(at("room:1"))
    expect(rooms.channel(at("room:1"))).toBe(room.channel)
    leave()
    rooms.leaveUnused()
    expect(() => rooms.channel(at("room:1"))).toThrow(expect.objectContaining({ code: "not_joined" }))
  })

  it("keep nothing once everybody has gone", async () => {
    const { rooms, at, socket } = app()
    const all = [at("room:1"), at("room:1", { a: 1 }), at("room:2")].map((address) => rooms.enter(address))
    await soon(() => all.map(([room]) => room.view.state), ["joined", "joined", "joined"])
    const channels = all.map(([room]) => room.channel)
    for (const [, leave] of all) leave()
    rooms.leaveUnused()
    expect(channels.map((channel) => channel?.state)).toEqual(["closed", "closed", "closed"])
    expect(all.map(([room]) => room.channel)).toEqual([undefined, undefined, undefined])
    expect([...socket.channels.keys()]).toEqual([])
  })
})

describe("the people in a room", () => {
  it("are those of the current join's state, without the diffs of a join whose state never came", async () => {
    const { rooms, at, socket, endpoint } = app()
    const [room] = rooms.enter(at("room:1"))
    await soon(() => room.view.state, "joined")
    const heard: string[] = []
    room.listen("presence_diff", () => heard.push("diff"))
    const joins = { Bob: { metas: [{ phx_ref: "b" }] } }
    void endpoint.broadcast("room:1", "presence_diff", { joins, leaves: {} })
    await soon(() => heard, ["diff"])
    socket.disconnect()
    await soon(() => room.view.state, "errored")
    socket.connect()
    await soon(() => room.view.state, "joined")
    void endpoint.broadcast("room:1", "presence_state", { Ada: { metas: [{ phx_ref: "a" }] } })
    await soon(() => Object.keys(room.people), ["Ada"])
  })

  it("are the same object until somebody comes or goes, and nobody once it is left", async () => {
    const { rooms, at, endpoint } = app()
    const [room, leave] = rooms.enter(at("room:1"))
    await soon(() => room.view.state, "joined")
    const person = (ref: string): PresenceEntry<Loose> => ({ metas: [{ phx_ref: ref }] })
    const early = { joins: { Bob: person("b") }, leaves: {} }
    void endpoint.broadcast("room:1", "presence_diff", early)
    expect(room.people).toEqual({})
    void endpoint.broadcast("room:1", "presence_state", { Ada: person("a") })
    await soon(() => Object.keys(room.people), ["Ada", "Bob"])
    const before = room.people
    expect(room.people).toBe(before)
    void endpoint.broadcast("room:1", "presence_diff", { joins: {}, leaves: early.joins })
    await soon(() => Object.keys(room.people), ["Ada"])
    expect(Object.keys(before)).toEqual(["Ada", "Bob"])
    expect(room.people["Ada"]).toBe(before["Ada"])
    leave()
    rooms.leaveUnused()
    expect(Object.keys(room.people)).toEqual([])
  })
})
