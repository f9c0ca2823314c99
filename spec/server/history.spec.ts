import { describe, expect, it } from "vitest"
import {
  MemoryCluster,
  MemoryHub,
  msgpack,
  type ChannelHandlers,
  type ClusterNode,
  type Endpoint,
  type HistorySlice,
} from "rookery/server"
import { FakeClock } from "../support/fake-clock.js"
import { stages, type Stage } from "../support/stage.js"
import { answer, type WireClient, type WireFrame } from "../support/wire-client.js"

const stage = stages()

const HISTORY = { size: 5, ttl: 60_000 }

const rooms =
  (extra: Partial<ChannelHandlers> = {}) =>
  (endpoint: Endpoint): void =>
    void endpoint.channel("room:*", {
      history: HISTORY,
      receive: {
        shout: (payload, room) => room.broadcast("shout", payload),
        shout_from: (payload, room) => room.broadcastFrom("shout", payload),
        crash() {
          throw new Error("mine")
        },
      },
      ...extra,
    })

interface Recover {
  epoch: string
  offset: number
  recovered: boolean
}

let refs = 0

/** Joins as a client that recovers; gives what it is told. */
async function join(client: WireClient, recover: object, params: object = {}): Promise<Recover> {
  const ref = `j${++refs}`
  client.send(ref, ref, "room:1", "phx_join", { ...params, recover })
  const reply = answer(await client.next()) as { status: string; response: { recover: Recover } }
  expect(reply.status).toBe("ok")
  return reply.response.recover
}

const isBroadcast = (frame: WireFrame): boolean => (frame as unknown[])[3] !== "phx_reply"
const payloads = (frames: WireFrame[]): unknown[] => frames.map((frame) => (frame as unknown[])[4])
const offsets = (frames: WireFrame[]): unknown[] => frames.map((frame) => (frame as unknown[])[5])

async function served(build = rooms()): Promise<Stage & { say(...texts: unknown[]): void }> {
  const made = await stage({}, build)
  const say = (...texts: unknown[]): void => {
    for (const text of texts) void made.endpoint.broadcast("room:1", "shout", text)
  }
  return { ...made, say }
}

describe("a channel with a history", () => {
  it("tells offsets to those that asked, and to nobody else", async () => {
    const { connect, say } = await served()
    const [asks, plain] = [await connect(), await connect()]
    expect(await join(asks, { id: "a" })).toEqual({ epoch: expect.any(String), offset: 0, recovered: false })
    await plain.join("room:1")
    say("one", "two")
    expect(await asks.take(2)).toEqual([
      [null, null, "room:1", "shout", "one", 1],
      [null, null, "room:1", "shout", "two", 2],
    ])
    expect(await plain.take(2)).toEqual([
      [null, null, "room:1", "shout", "one"],
      [null, null, "room:1", "shout", "two"],
    ])
  })

  it("does not show the channel's own code what is said of recovery", async () => {
    const seen: unknown[] = []
    const build = rooms({ join: ({ params }, room) => void seen.push(params, room.params) })
    const client = await (await served(build)).connect()
    await join(client, { id: "a" }, { name: "Ada" })
    expect(seen).toEqual([{ name: "Ada" }, { name: "Ada" }])
  })

  it("gives a client that comes back what it missed, before anything new, and in order", async () => {
    const { connect, say } = await served()
    const { epoch } = await join(await connect(), { id: "a" })
    say("1", "2", "3")
    const back = await connect()
    back.send("7", "7", "room:1", "phx_join", { recover: { id: "a", epoch, offset: 1 } })
    say("4")
    const [reply, ...frames] = await back.take(4)
    expect(answer(reply as WireFrame)).toMatchObject({ response: { recover: { epoch, recovered: true } } })
    expect([payloads(frames), offsets(frames)]).toEqual([
      ["2", "3", "4"],
      [2, 3, 4],
    ])
  })

  it("says when something is lost: too much, too old, of another epoch, or of the future", async () => {
    const { connect, say } = await served()
    const { epoch } = await join(await connect(), { id: "a" })
    say(1, 2, 3, 4, 5, 6, 7)
    for (const seen of [
      { epoch, offset: 1 },
      { epoch: "another", offset: 7 },
      { epoch, offset: 8 },
      { epoch, offset: -1 },
    ]) {
      const client = await connect()
      expect(await join(client, { id: "a", ...seen })).toEqual({ epoch, offset: 7, recovered: false })
      expect(await client.fence()).toEqual([])
    }
    const client = await connect()
    expect(await join(client, { id: "a", epoch, offset: 2 })).toMatchObject({ recovered: true })
    expect(payloads(await client.take(5))).toEqual([3, 4, 5, 6, 7])
  })

  it("takes what is no request of recovery for a param like any other", async () => {
    const seen: unknown[] = []
    const { connect } = await served(rooms({ join: ({ params }) => void seen.push(params) }))
    for (const recover of [true, "yes", {}, { id: "" }, { id: 7 }, { id: "a", offset: 1 }, { id: "x".repeat(65) }]) {
      const client = await connect()
      client.send("1", "1", "room:1", "phx_join", { recover })
      expect(answer(await client.next())).toEqual({ status: "ok", response: {} })
      expect(seen.pop()).toEqual({ recover })
    }
  })

  it("leaves out what broadcastFrom left out", async () => {
    const { connect } = await served()
    const [a, b] = [await connect(), await connect()]
    const { epoch } = await join(a, { id: "a" })
    await join(b, { id: "b" })
    a.send(`j${refs - 1}`, "9", "room:1", "shout_from", "of a")
    expect(payloads([await b.next()])).toEqual(["of a"])
    expect(answer(await a.next())).toEqual({ status: "ok", response: {} })
    const [again, other] = [await connect(), await connect()]
    expect(await join(again, { id: "a", epoch, offset: 0 })).toMatchObject({ recovered: true })
    expect(await join(other, { id: "c", epoch, offset: 0 })).toMatchObject({ recovered: true })
    expect(payloads([await other.next()])).toEqual(["of a"])
    expect(await again.fence()).toEqual([])
  })

  it("goes through intercept, and numbers what that pushes", async () => {
    const build = rooms({
      intercept: {
        shout(payload, room) {
          if (payload !== "secret") room.push("shout", { for: room.params.name, payload })
        },
      },
    })
    const { connect, say } = await served(build)
    const { epoch } = await join(await connect(), { id: "a" })
    say("one", "secret", "two")
    const client = await connect()
    await join(client, { id: "a", epoch, offset: 0 }, { name: "Ada" })
    const frames = await client.take(2)
    expect([payloads(frames), offsets(frames)]).toEqual([
      [
        { for: "Ada", payload: "one" },
        { for: "Ada", payload: "two" },
      ],
      [1, 3],
    ])
  })

  it("carries bytes with their offsets", async () => {
    const { connect, say } = await served()
    const client = await connect()
    await join(client, { id: "a" })
    say(Uint8Array.of(7, 8))
    // Kind 3: no join_ref, the topic, the event, the offset, and the bytes.
    expect(await client.next()).toEqual(
      Buffer.concat([Buffer.from([3, 0, 6, 5, 1]), Buffer.from("room:1shout1"), Buffer.from([7, 8])]),
    )
  })

  it("tells offsets under MessagePack as the sixth element", async () => {
    const { connect, say } = await served()
    const client = await connect({ query: { vsn: "3.0.0" } })
    const { encode, decode } = msgpack().client
    client.socket.send(
      encode({ join_ref: "1", ref: "1", topic: "room:1", event: "phx_join", payload: { recover: { id: "a" } } }),
    )
    await client.next()
    say({ deep: Uint8Array.of(1) })
    expect(decode((await client.next()) as Buffer)).toMatchObject({ offset: 1, payload: { deep: Buffer.of(1) } })
  })

  it("gives pieces of itself to who pages back", async () => {
    const { connect, say } = await served()
    const client = await connect()
    await client.join("room:1")
    say("1", "2", "3")
    await client.take(3)
    client.send("1", "5", "room:1", "phx_history", { since: 1, limit: 1 })
    client.send("1", "6", "room:1", "phx_history", {})
    client.send("1", "7", "room:1", "phx_history", { since: "x" })
    const [first, second, third] = (await client.take(3)).map((frame) => answer(frame))
    expect(first).toMatchObject({
      response: { newest: 3, complete: true, messages: [{ offset: 2, event: "shout", payload: "2" }] },
    })
    expect(second).toMatchObject({ response: { messages: [{ offset: 1 }, { offset: 2 }, { offset: 3 }] } })
    expect(third).toMatchObject({ status: "error" })
  })

  it("leaves bytes out of a piece where JSON cannot carry them, and says so", async () => {
    const { connect, say } = await served()
    const [plain, old, packed] = [
      await connect(),
      await connect({ query: { vsn: "1.0.0" } }),
      await connect({ query: { vsn: "3.0.0" } }),
    ]
    say(Uint8Array.of(7, 8), "two")
    const messages = [
      { offset: 1, event: "shout", omitted: "bytes" },
      { offset: 2, event: "shout", payload: "two" },
    ]
    await plain.join("room:1")
    plain.send("1", "2", "room:1", "phx_history", {})
    expect(answer(await plain.next())).toMatchObject({ status: "ok", response: { messages } })

    const object = (ref: string, event: string): void =>
      old.socket.send(JSON.stringify({ topic: "room:1", event, ref, payload: {} }))
    object("1", "phx_join")
    object("2", "phx_history")
    const [, reply] = (await old.take(2)) as unknown as { payload: unknown }[]
    expect(reply?.payload).toMatchObject({ status: "ok", response: { messages } })

    const { encode, decode } = msgpack().client
    for (const [ref, event] of [
      ["1", "phx_join"],
      ["2", "phx_history"],
    ] as const)
      packed.socket.send(encode({ join_ref: "1", ref, topic: "room:1", event, payload: {} }))
    const [, pack] = await packed.take(2)
    expect(decode(pack as Buffer).payload).toMatchObject({
      response: { messages: [{ offset: 1, event: "shout", payload: Buffer.of(7, 8) }, messages[1]] },
    })
  })

  it("has none to give without one", async () => {
    const { connect } = await stage({}, (endpoint) => endpoint.channel("room:*", {}))
    const client = await connect()
    client.send("1", "1", "room:1", "phx_join", { recover: { id: "a" } })
    expect(answer(await client.next())).toEqual({ status: "ok", response: {} })
    client.send("1", "2", "room:1", "phx_history", {})
    expect(await client.next()).toMatchObject(["1", "1", "room:1", "phx_error", {}])
  })
})

describe("a broadcast that goes by a name", () => {
  it("is sent once, however often its handler runs", async () => {
    const { connect, endpoint } = await stage({}, (made) => {
      made.channel("room:*", {
        history: HISTORY,
        receive: { add: ({ id }, room) => room.broadcast("added", { id }, { once: id }) },
      })
    })
    const client = await connect()
    await client.join("room:1", { recover: { id: "a" } })
    for (const id of ["x", "x", "y"]) client.send("1", id, "room:1", "add", { id })
    void endpoint.broadcast("room:1", "added", { id: "x" }, { once: "x" })
    expect(payloads((await client.fence()).filter(isBroadcast))).toEqual([{ id: "x" }, { id: "y" }])
  })

  it("needs a history, and says so", async () => {
    const { endpoint } = await stage({}, (made) => void made.channel("plain:*", {}))
    expect(() => endpoint.broadcast("plain:1", "added", {}, { once: "x" })).toThrow(
      expect.objectContaining({ code: "bad_option" }),
    )
  })
})

describe("the memory of a history", () => {
  const text = (body: string): { bytes(): Uint8Array } => ({ bytes: () => Buffer.from(body) })
  const read = (hub: MemoryHub, after?: number): unknown => {
    const { newest, complete, messages } = hub.history("t", { size: 3, ttl: 100 }, after, 10)
    return { newest, complete, offsets: messages.map(({ offset }) => offset) }
  }

  it("keeps so many, for so long, and the count longer than both", () => {
    const clock = new FakeClock()
    const hub = new MemoryHub(clock)
    for (let i = 0; i < 8; i++) hub.append("t", text(String(i)), { size: 3, ttl: 100 })
    expect(read(hub)).toEqual({ newest: 8, complete: true, offsets: [6, 7, 8] })
    expect(read(hub, 5)).toEqual({ newest: 8, complete: true, offsets: [6, 7, 8] })
    expect(read(hub, 4)).toEqual({ newest: 8, complete: false, offsets: [6, 7, 8] })
    clock.pass(101)
    expect(read(hub, 7)).toEqual({ newest: 8, complete: false, offsets: [] })
    expect(read(hub, 8)).toEqual({ newest: 8, complete: true, offsets: [] })
  })
})

describe("a push that is sent again", () => {
  const counting = (counts: { n: number }) => (endpoint: Endpoint) =>
    void endpoint.channel("room:*", {
      receive: {
        count: (_payload, _room, { id }) => ({ n: ++counts.n, id }),
        async slow() {
          counts.n++
          await new Promise((resolve) => setImmediate(resolve))
          return { n: counts.n }
        },
        fail() {
          counts.n++
          throw new Error("mine")
        },
      },
    })

  it("takes effect once, and has its first answer", async () => {
    const counts = { n: 0 }
    const { connect } = await stage({ connect: () => ({ id: "user:1" }) }, counting(counts))
    const replies = []
    for (const ref of ["2~abc", "7~abc"]) {
      const client = await connect()
      await client.join("room:1")
      client.send("1", ref, "room:1", "count", {})
      const frame = await client.next()
      expect((frame as unknown[])[1]).toBe(ref)
      replies.push(answer(frame))
    }
    expect(replies[0]).toEqual({ status: "ok", response: { n: 1, id: expect.any(String) } })
    expect(replies[1]).toEqual(replies[0])
    expect(counts.n).toBe(1)
  })

  it("a push that is sent again gets the answer that its handler gave after the connection was lost", async () => {
    const counts = { n: 0 }
    const { connect } = await stage({ connect: () => ({ id: "user:1" }) }, counting(counts))
    const first = await connect()
    await first.join("room:1")
    first.send("1", "2~abc", "room:1", "slow", {})
    first.socket.terminate()
    const second = await connect()
    await second.join("room:1")
    second.send("1", "9~abc", "room:1", "slow", {})
    expect(answer(await second.next())).toEqual({ status: "ok", response: { n: 1 } })
  })

  it("is another one of another user, on another topic, or of another event", async () => {
    const counts = { n: 0 }
    const connectAs = { connect: ({ params }: { params: Record<string, unknown> }) => ({ id: String(params["id"]) }) }
    const { connect } = await stage(connectAs, counting(counts))
    const [a, b] = [await connect({ query: { id: "a" } }), await connect({ query: { id: "b" } })]
    await a.join("room:1")
    await b.join("room:1")
    a.send("2", "2", "room:2", "phx_join", {})
    await a.next()
    a.send("1", "3~x", "room:1", "count", {})
    b.send("1", "3~x", "room:1", "count", {})
    a.send("2", "4~x", "room:2", "count", {})
    a.send("1", "5~x", "room:1", "slow", {})
    await a.take(3)
    await b.next()
    expect(counts.n).toBe(4)
  })

  it("is tried again where it took no effect, because its channel crashed", async () => {
    const counts = { n: 0 }
    const { connect } = await stage({}, counting(counts))
    for (let i = 1; i <= 2; i++) {
      const client = await connect()
      await client.join("room:1")
      client.send("1", "2~abc", "room:1", "fail", {})
      expect(await client.next()).toMatchObject(["1", "1", "room:1", "phx_error", {}])
      expect(counts.n).toBe(i)
    }
  })
})

/** A cluster whose messages come late: only when somebody reads the history, or they are let through. */
class LateCluster extends MemoryCluster {
  #late: (() => void)[] = []

  override start(node: ClusterNode): void {
    const tell = node.deliverNumbered.bind(node)
    node.deliverNumbered = (...message) => void this.#late.push(() => tell(...message))
    super.start(node)
  }

  override history(...args: Parameters<MemoryCluster["history"]>): HistorySlice {
    this.arrive()
    return super.history(...args)
  }

  arrive(): void {
    for (const deliver of this.#late.splice(0)) deliver()
  }
}

describe("several endpoints of one cluster", () => {
  async function nodes(build: (endpoint: Endpoint) => void): Promise<[Stage, Stage]> {
    const hub = new MemoryHub()
    const options = { connect: ({ params }: { params: Record<string, unknown> }) => ({ id: String(params["id"]) }) }
    return [
      await stage({ ...options, cluster: new MemoryCluster(hub) }, build),
      await stage({ ...options, cluster: new MemoryCluster(hub) }, build),
    ]
  }

  it("number the messages of a topic in one order, whoever sends them", async () => {
    const [here, there] = await nodes(rooms())
    const [a, b] = [await here.connect(), await there.connect()]
    await join(a, { id: "a" })
    await join(b, { id: "b" })
    for (let i = 0; i < 6; i++) void [here, there][i % 2]?.endpoint.broadcast("room:1", "shout", i)
    const heard = [await a.take(6), await b.take(6)]
    expect(heard.map((frames) => offsets(frames))).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ])
    expect(payloads(heard[0] ?? [])).toEqual(payloads(heard[1] ?? []))
  })

  it("recover a client on another node than it was on", async () => {
    const [here, there] = await nodes(rooms())
    const { epoch } = await join(await here.connect(), { id: "a" })
    void here.endpoint.broadcast("room:1", "shout", "missed")
    const back = await there.connect()
    expect(await join(back, { id: "a", epoch, offset: 0 })).toMatchObject({ recovered: true })
    expect(payloads([await back.next()])).toEqual(["missed"])
  })

  it("recover a client that has seen more than has come to its new node yet", async () => {
    const hub = new MemoryHub()
    const late = new LateCluster(hub)
    const here = await stage({ cluster: new MemoryCluster(hub) }, rooms())
    const there = await stage({ cluster: late }, rooms())
    const [a, b] = [await here.connect(), await there.connect()]
    const { epoch } = await join(a, { id: "a" })
    await join(b, { id: "b" })
    for (const text of ["one", "two"]) void here.endpoint.broadcast("room:1", "shout", text)
    expect(offsets(await a.take(2))).toEqual([1, 2])
    const back = await there.connect()
    expect(await join(back, { id: "a", epoch, offset: 1 })).toMatchObject({ recovered: true, offset: 2 })
    expect(payloads([await back.next()])).toEqual(["two"])
    void here.endpoint.broadcast("room:1", "shout", "three")
    late.arrive()
    expect([payloads([await back.next()]), payloads(await b.take(3))]).toEqual([["three"], ["one", "two", "three"]])
  })

  it("show the presences of all, and take them away with their node", async () => {
    const [here, there] = await nodes((endpoint) =>
      endpoint.channel("room:*", { joined: (room) => room.track(room.socket.id ?? "", { on: "it" }) }),
    )
    const [a, b] = [await here.connect({ query: { id: "a" } }), await there.connect({ query: { id: "b" } })]
    await a.join("room:1")
    await a.take(2)
    await b.join("room:1")
    const [, state] = (await b.take(2)) as [WireFrame, WireFrame]
    expect(state).toMatchObject(["1", null, "room:1", "presence_state", { a: {}, b: {} }])
    expect(await a.next()).toMatchObject([null, null, "room:1", "presence_diff", { joins: { b: {} }, leaves: {} }])
    expect(Object.keys(here.endpoint.presences("room:1")).sort()).toEqual(["a", "b"])
    await there.endpoint.close()
    expect(await a.next()).toMatchObject([null, null, "room:1", "presence_diff", { joins: {}, leaves: { b: {} } }])
    expect(Object.keys(here.endpoint.presences("room:1"))).toEqual(["a"])
  })

  it("count together, and send away whom one of them sends away", async () => {
    const [here, there] = await nodes(rooms())
    const [a, b] = [await here.connect({ query: { id: "a" } }), await there.connect({ query: { id: "b" } })]
    await a.join("room:1")
    await b.join("room:1")
    expect([await here.endpoint.count(), await there.endpoint.count("room:1"), await here.endpoint.count("x")]).toEqual(
      [2, 2, 0],
    )
    void here.endpoint.kick("room:1", "b")
    expect(await b.next()).toMatchObject(["1", "1", "room:1", "phx_close", {}])
    void here.endpoint.disconnect("b")
    expect(await b.closed()).toBe(1001)
    expect(await here.endpoint.count()).toBe(1)
  })

  it("answer a push once, whichever node it comes to", async () => {
    let n = 0
    const [here, there] = await nodes((endpoint) =>
      endpoint.channel("room:*", { receive: { count: () => ({ n: ++n }) } }),
    )
    for (const { connect } of [here, there]) {
      const client = await connect({ query: { id: "a" } })
      await client.join("room:1")
      client.send("1", "2~abc", "room:1", "count", {})
      expect(answer(await client.next())).toEqual({ status: "ok", response: { n: 1 } })
    }
  })
})
