import { describe, expect, it } from "vitest"
import type { EndpointOptions, LimitName } from "rookery/server"
import { msgpack } from "rookery/msgpack"
import { resolveLimits, mostKept } from "../../lib/server/limits/resolve-limits.js"
import { HEAVY_SHAPES, type HeavyShape } from "../support/heavy-shapes.js"
import { stages, type Stage } from "../support/stage.js"
import { usedBytes } from "../support/used-bytes.js"
import { answer, type WireClient, type WireOptions } from "../support/wire-client.js"

const stage = stages()

/** An endpoint whose handlers are held until they are let go, and a count of its limits that were hit. */
async function holding(
  limits: EndpointOptions["limits"],
  options: EndpointOptions = {},
): Promise<Stage & { hits: LimitName[]; letGo: () => void }> {
  const hits: LimitName[] = []
  const held: (() => void)[] = []
  const made = await stage({ ...options, limits: { ...limits } }, (endpoint) => {
    endpoint.on("limitHit", ({ limit }) => hits.push(limit))
    endpoint.channel("room:*", {
      join: ({ topic }) =>
        topic === "room:slow" ? new Promise<object>((resolve) => held.push(() => resolve({}))) : {},
      receive: {
        echo: (payload) => payload,
        size: (payload) => ({ length: JSON.stringify(payload).length }),
        hold: () => new Promise<object>((resolve) => held.push(() => resolve({}))),
      },
      intercept: { shout: (payload, room) => room.push("shout", payload) },
    })
  })
  return { ...made, hits, letGo: () => held.splice(0).forEach((resolve) => resolve()) }
}

const MSGPACK: WireOptions = { query: { vsn: "3.0.0" } }

/** A frame of MessagePack with a payload by hand: an array of so many elements, each of these bytes. */
function packedFrame(parts: readonly (string | null)[], count: number, element: readonly number[]): Buffer {
  const head = parts.flatMap((part) => (part === null ? [0xc0] : [0xa0 + part.length, ...Buffer.from(part)]))
  const payload = Buffer.alloc(count * element.length, Buffer.from(element))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(count)
  return Buffer.concat([Buffer.from([0x95, ...head, 0xdd]), length, payload])
}

const emptyMaps = (count: number): object[] => Array.from({ length: count }, () => ({}))

/** The messages that a client of MessagePack gets, as arrays of five. */
const unpacked = (frame: unknown): unknown[] => {
  const { join_ref, ref, topic, event, payload } = msgpack().client.decode(frame as Buffer)
  return [join_ref, ref, topic, event, payload]
}

describe("a message that would weigh too much in memory", () => {
  it.each([
    ["a megabyte of empty maps", packedFrame(["1", "2", "room:1", "size"], 1_000_000, [0x80])],
    ["a megabyte of empty lists", packedFrame(["1", "2", "room:1", "size"], 1_000_000, [0x90])],
    [
      "ten kilobytes of maps with a large index",
      packedFrame(["1", "2", "room:1", "size"], 2000, [0x81, 0xcd, 3, 0xff, 1]),
    ],
    [
      "the same with the index as text",
      packedFrame(["1", "2", "room:1", "size"], 2000, [0x81, 0xa4, 0x31, 0x30, 0x32, 0x33, 1]),
    ],
  ])("ends the connection with 1009 before it is decoded: %s of MessagePack", async (_, frame) => {
    const { connect, hits } = await holding({})
    const client = await connect(MSGPACK)
    client.socket.send(frame)
    expect(await client.closed()).toBe(1009)
    expect(hits).toEqual(["messageWeight"])
  })

  it.each([
    ["empty maps", `[${Array.from({ length: 300_000 }, () => "{}")}]`],
    ["lists of one number", `[${Array.from({ length: 250_000 }, () => "[1]")}]`],
    ["different keys", `{${Array.from({ length: 50_000 }, (_, index) => `"k${index}":1`)}}`],
  ])("ends the connection with 1009: JSON of %s", async (_, payload) => {
    const { connect, hits } = await holding({ messageWeight: 4_000_000 })
    const client = await connect()
    client.socket.send(`["1","2","room:1","size",${payload}]`)
    expect(await client.closed()).toBe(1009)
    expect(hits).toEqual(["messageWeight"])
  })

  it("ends the connection with 1009 where only the objects themselves tell what they weigh", async () => {
    const shape = HEAVY_SHAPES.find(({ name }) => name === "maps of the same keys in other orders") as HeavyShape
    const { connect, hits } = await holding({ messageWeight: 4_000_000 })
    const client = await connect()
    client.socket.send(shape.frame(16_000))
    expect(await client.closed()).toBe(1009)
    expect(hits).toEqual(["messageWeight"])
  })

  it("does not have honest messages of the largest size among it", async () => {
    const { connect, hits } = await holding({})
    const client = await connect()
    await client.join("room:1")
    const records = Array.from({ length: 12_000 }, (_, id) => ({ id, name: "somebody", x: id / 7, tags: ["a", "b"] }))
    const payloads = ["x".repeat(1_000_000), records, Array.from({ length: 140_000 }, (_, n) => n)]
    for (const payload of payloads) {
      client.send("1", "2", "room:1", "size", payload)
      expect(answer(await client.next())).toEqual({
        status: "ok",
        response: { length: JSON.stringify(payload).length },
      })
    }
    expect(hits).toEqual([])
  })
})

describe("a ref", () => {
  it.each([
    ["join_ref", ["x".repeat(257), "2", "room:1", "phx_join", {}]],
    ["ref", ["1", "x".repeat(257), "room:1", "phx_join", {}]],
    ["join_ref that is a map", [{ a: "x".repeat(500) }, "2", "room:1", "phx_join", {}]],
    ["ref of a heartbeat", [null, "x".repeat(257), "phoenix", "heartbeat", {}]],
  ])("a ref, which every reply would repeat, is limited in length: a %s ends the connection", async (_, frame) => {
    const { connect, hits } = await holding({})
    const client = await connect()
    client.send(...frame)
    expect(await client.closed()).toBe(1009)
    expect(hits).toEqual(["refBytes"])
  })
})

describe("the params of joins", () => {
  it("are refused where those of all channels of a socket would weigh too much, until one is left", async () => {
    const { connect, hits } = await holding({ joinBytes: 100_000 })
    const client = await connect()
    const params = emptyMaps(800)
    expect(answer(await client.join("room:1", params))).toMatchObject({ status: "ok" })
    expect(answer(await client.join("room:2", params))).toEqual({
      status: "error",
      response: { reason: "join params too large" },
    })
    expect(hits).toEqual(["joinBytes"])
    client.send("1", "9", "room:1", "phx_leave", {})
    await client.take(2)
    expect(answer(await client.join("room:2", params))).toMatchObject({ status: "ok" })
  })

  it("the params of many joins of empty maps are accepted up to the limit, and no further", async () => {
    const { connect, hits } = await holding({})
    const client = await connect(MSGPACK)
    for (let index = 0; index < 29; index++) {
      client.socket.send(packedFrame(["1", String(index), `room:${index}`, "phx_join"], 10_000, [0x80]))
    }
    const replies = (await client.take(29)).map((frame) => unpacked(frame)[4] as { status: string })
    const joined = replies.filter(({ status }) => status === "ok").length
    // Each is 640 kB in memory, and the limit is 4 MiB.
    expect(joined).toBe(6)
    expect(hits).toEqual(Array.from({ length: 29 - joined }, () => "joinBytes"))
  })
})

describe("pushes", () => {
  it("waiting pushes are counted by their weight", async () => {
    const { connect, hits, letGo } = await holding({ pendingBytes: 200_000 })
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "hold", {})
    for (const ref of ["3", "4", "5"]) client.send("1", ref, "room:1", "size", emptyMaps(2000))
    expect(await client.next()).toMatchObject([
      "1",
      "4",
      "room:1",
      "phx_reply",
      { response: { reason: "too many pushes" } },
    ])
    expect(await client.next()).toMatchObject([
      "1",
      "5",
      "room:1",
      "phx_reply",
      { response: { reason: "too many pushes" } },
    ])
    letGo()
    expect(
      (await client.take(2)).map((frame) => [(frame as unknown[])[1], (answer(frame) as { status: string }).status]),
    ).toEqual([
      ["2", "ok"],
      ["3", "ok"],
    ])
    client.send("1", "6", "room:1", "size", emptyMaps(2000))
    expect(answer(await client.next())).toMatchObject({ status: "ok" })
    expect(hits).toEqual(["pendingBytes", "pendingBytes"])
  })

  it("pushes whose handlers are awaited count in all channels, until the handlers end", async () => {
    const { connect, hits, letGo } = await holding({ pendingBytes: 200_000 })
    const client = await connect()
    for (const topic of ["room:1", "room:2", "room:3", "room:4"]) await client.join(topic)
    for (const [index, topic] of ["room:1", "room:2", "room:3"].entries()) {
      client.send(String(index + 1), `h${index}`, topic, "hold", emptyMaps(1500))
    }
    client.send("4", "5", "room:4", "size", {})
    expect(await client.next()).toMatchObject([
      "4",
      "5",
      "room:4",
      "phx_reply",
      { response: { reason: "too many pushes" } },
    ])
    letGo()
    await client.take(3)
    client.send("4", "6", "room:4", "size", {})
    expect(answer(await client.next())).toMatchObject({ status: "ok" })
    expect(hits).toEqual(["pendingBytes"])
  })

  it("pushes whose handlers are awaited still count after their channel was left", async () => {
    const { connect, letGo } = await holding({ pendingBytes: 100_000 })
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "hold", emptyMaps(2000))
    await client.join("room:1")
    await client.next()
    client.send("2", "3", "room:1", "size", {})
    expect(answer(await client.next())).toMatchObject({ status: "error" })
    letGo()
    await client.fence()
    client.send("2", "4", "room:1", "size", {})
    expect(answer(await client.next())).toMatchObject({ status: "ok" })
  })

  it("waiting pushes of a single byte do not keep their packets in memory", async () => {
    const { connect, hits } = await holding({ pendingBytes: 100_000 })
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "hold", {})
    const push = Buffer.from([0, 1, 1, 6, 4, ...Buffer.from("13room:1size"), 7])
    const pad = JSON.stringify([null, "4", "phoenix", "heartbeat", "x".repeat(30_000)])
    for (let index = 0; index < 50; index++) {
      client.socket.send(pad)
      client.socket.send(push)
    }
    expect((await client.fence()).every((frame) => (frame as unknown[])[1] === "4")).toBe(true)
    expect(hits).toEqual([])
  })

  it("are left behind by a leave, of which one waits, however many come", async () => {
    const { connect, letGo } = await holding({})
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "hold", {})
    for (let index = 0; index < 100; index++) client.send("1", `l${index}`, "room:1", "phx_leave", "x".repeat(1000))
    await client.fence()
    letGo()
    const ended = await client.fence()
    const frames = ended.length > 2 ? ended : [...ended, ...(await client.fence())]
    expect(frames.map((frame) => (frame as unknown[])[1])).toEqual(["2", "l0", "1"])
  })
})

describe("broadcasts that wait for intercept", () => {
  const crowd = async (
    options: EndpointOptions,
  ): Promise<{ slow: WireClient; fill: (count: number) => void; hits: LimitName[]; letGo: () => void }> => {
    const { connect, endpoint, hits, letGo } = await holding({ queuedBytes: 100_000 }, options)
    const slow = await connect()
    await slow.join("room:1")
    slow.send("1", "2", "room:1", "hold", {})
    await slow.fence()
    return {
      slow,
      hits,
      letGo,
      fill: (count) => range(count).forEach(() => void endpoint.broadcast("room:1", "shout", emptyMaps(100))),
    }
  }
  const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

  it("end a connection that is too slow for them", async () => {
    const { slow, fill, hits } = await crowd({})
    fill(20)
    expect(await slow.closed()).toBe(1013)
    expect(hits).toEqual(["queuedBytes"])
  })

  it("are left out where slow clients go without", async () => {
    const { slow, fill, letGo } = await crowd({ slowClient: "drop" })
    fill(20)
    letGo()
    const shouts = (await slow.fence()).filter((frame) => (frame as unknown[])[3] === "shout")
    expect(shouts.length).toBeGreaterThan(5)
    expect(shouts.length).toBeLessThan(20)
    fill(1)
    expect(await slow.next()).toEqual(["1", null, "room:1", "shout", emptyMaps(100)])
  })
})

describe("messages of a gateway", () => {
  const gateway = async (limits: EndpointOptions["limits"]): Promise<{ client: WireClient; hits: LimitName[] }> => {
    const hits: LimitName[] = []
    const { connect } = await stage({ limits: { ...limits } }, (endpoint) => {
      endpoint.on("limitHit", ({ limit }) => hits.push(limit))
      endpoint.gateway("/plain/websocket", { json: true, onMessage: () => new Promise(() => {}) })
    })
    return { client: await connect({ path: "/plain" }), hits }
  }

  it("messages to a gateway that would weigh too much end the connection with 1009", async () => {
    const { client, hits } = await gateway({})
    client.socket.send(`[${Array.from({ length: 300_000 }, () => "{}")}]`)
    expect(await client.closed()).toBe(1009)
    expect(hits).toEqual(["messageWeight"])
  })

  it("waiting messages of a gateway are counted by their weight", async () => {
    const { client, hits } = await gateway({ pendingBytes: 200_000 })
    for (let index = 0; index < 4; index++) client.socket.send(JSON.stringify(emptyMaps(2000)))
    expect(await client.closed()).toBe(1008)
    expect(hits).toEqual(["pendingBytes"])
  })
})

describe("one client", () => {
  it("makes a default endpoint keep no more than 48 MiB", () => {
    expect(mostKept(resolveLimits())).toBeLessThanOrEqual(48 * 1_048_576)
    expect(mostKept(resolveLimits())).toBeGreaterThan(47 * 1_048_576)
  })

  it("holds less than that by joins, waiting pushes, awaited handlers and broadcasts together", async () => {
    const { endpoint, hits } = await holding({ joinBurst: 10_000, pushBurst: 10_000 })
    let closed = false
    const line = await endpoint.connectInProcess({
      params: { vsn: "3.0.0" },
      frame: () => undefined,
      closed: () => (closed = true),
    })
    const before = usedBytes()
    for (let room = 0; room < 100; room++) {
      const topic = `room:${room}`
      line.send(packedFrame([`${room}`, `${room}`, topic, "phx_join"], room % 5 === 0 ? 10_000 : 10, [0x80]))
      for (const ref of ["a", "b", "c"]) line.send(packedFrame([`${room}`, ref, topic, "hold"], 4000, [0x80]))
    }
    for (let index = 0; index < 30; index++) void endpoint.broadcast("room:1", "shout", emptyMaps(2000))
    const grown = usedBytes() - before
    expect(closed).toBe(false)
    expect(new Set(hits)).toEqual(new Set(["joinBytes", "pendingBytes"]))
    // It did hold what it may of joins and pushes, within the factor of two that the count has.
    expect(grown).toBeGreaterThan((resolveLimits().joinBytes + resolveLimits().pendingBytes) / 2)
    expect(grown).toBeLessThan(mostKept(resolveLimits()))
  })
})
