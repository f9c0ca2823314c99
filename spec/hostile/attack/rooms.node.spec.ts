import { describe, expect, it } from "vitest"
import { clientFrame, messageFrame, TEXT, type Intruder } from "./intruder.js"
import { sieges } from "./siege.js"
import { TOPICS } from "./topics.js"

const siege = sieges()

const join = (topic: unknown, params: unknown = {}): Buffer => messageFrame("1", "1", topic, "phx_join", params)

/** Sends messages, and waits for as many frames. */
async function ask(intruder: Intruder, ...messages: Buffer[]): Promise<void> {
  const frames = intruder.frames + messages.length
  intruder.send(Buffer.concat(messages))
  await intruder.until(() => intruder.frames >= frames)
}

describe("joins without end", () => {
  it("endless joins of different topics are refused by the limit of channels, and then by that of joins", async () => {
    const { enter, hits, endpoint, survived } = await siege({
      limits: { channels: 3, joinBurst: 5, joinsPerSecond: 0.001 },
    })
    const intruder = await enter()
    await ask(intruder, ...Array.from({ length: 7 }, (_, n) => join(`room:${n}`)))
    expect(Object.fromEntries(intruder.refused)).toEqual({ "too many channels joined": 2, "too many joins": 2 })
    expect(hits).toEqual(["channels", "channels", "joinsPerSecond", "joinsPerSecond"])
    expect(endpoint.counters().rookery_joins_refused_total).toBe(4)
    await survived()
  })

  it("may be as many at once as there may be channels", async () => {
    const { enter, hits, survived } = await siege({ limits: { channels: 1100, joinsPerSecond: 0.001 } })
    const intruder = await enter()
    await ask(intruder, ...Array.from({ length: 1100 }, (_, n) => join(`room:${n}`)))
    expect(intruder.refused.size).toBe(0)
    expect(hits).toEqual([])
    await survived()
  })

  it("endless joins and leaves of one topic are refused by the limit of joins", async () => {
    const { enter, hits, survived } = await siege({ limits: { channels: 2, joinBurst: 2, joinsPerSecond: 0.001 } })
    const intruder = await enter()
    const leave = messageFrame("1", "2", "room:1", "phx_leave", {})
    // The server answers a leave, and then announces the end of the channel.
    await ask(intruder, join("room:1"))
    for (let i = 0; i < 3; i++) {
      await ask(intruder, leave)
      await ask(intruder, join("room:1"))
    }
    await intruder.until(() => (intruder.refused.get("too many joins") ?? 0) > 0)
    expect(new Set(hits)).toEqual(new Set(["joinsPerSecond"]))
    await survived()
  })

  it("the params of endless joins count towards the memory held for all clients", async () => {
    const { enter, hits, survived } = await siege({ limits: { heldBytes: 250_000 } })
    const intruder = await enter()
    intruder.send(Buffer.concat(["a", "b", "c"].map((name) => join(`room:${name}`, "x".repeat(100_000)))))
    await intruder.until(() => intruder.closeCode !== undefined)
    expect(intruder.closeCode).toBe(1013)
    expect(hits).toEqual(["heldBytes"])
    await survived()
  })
})

describe("topics of every kind", () => {
  it("are answered, or end their own connection", async () => {
    const { enter, hits, endpoint, survived } = await siege()
    let intruder = await enter()
    let rejected = 0
    for (const topic of TOPICS) {
      await ask(intruder, join(topic))
      if (intruder.closeCode === undefined) continue
      expect(intruder.closeCode).toBe(1011)
      rejected++
      intruder = await enter()
    }
    const { rookery_joins_refused_total, rookery_frames_rejected_total } = endpoint.counters()
    expect(rookery_frames_rejected_total).toBe(rejected)
    expect(rookery_joins_refused_total).toBeGreaterThan(15)
    expect(hits.filter((limit) => limit === "topicBytes")).toHaveLength(3)
    expect(({} as Record<string, unknown>)["room"]).toBeUndefined()
    await survived()
  })

  it.each([
    ["x".repeat(1024 - 5), undefined],
    ["x".repeat(1024 - 4), "topic too long"],
    ["\u20ac".repeat(340), "topic too long"],
    ["\u20ac".repeat(339), undefined],
  ])("are counted in bytes: %#", async (name, reason) => {
    const { enter, survived } = await siege()
    const intruder = await enter()
    await ask(intruder, join(`room:${name}`))
    expect([...intruder.refused.keys()]).toEqual(reason === undefined ? [] : [reason])
    await survived()
  })
})

describe("pushes without end", () => {
  const push = (event: string, payload: unknown = {}): Buffer => messageFrame("1", "2", "room:1", event, payload)

  it.each(["echo", "shout"])("endless pushes of %s are refused, and then the connection ends", async (event) => {
    const { join, hits, survived } = await siege({
      limits: { pushBurst: 3, pushesPerSecond: 0.001, frameBurst: 10, framesPerSecond: 0.001 },
    })
    const intruder = await join("room:1")
    intruder.send(Buffer.concat(Array.from({ length: 20 }, () => push(event))))
    await intruder.until(() => intruder.closeCode !== undefined)
    expect(intruder.closeCode).toBe(1008)
    expect(intruder.refused.get("too many pushes")).toBe(6)
    expect(hits).toEqual([...Array.from({ length: 6 }, () => "pushesPerSecond"), "framesPerSecond"])
    await survived()
  })

  it("endless waiting pushes are refused, by number and by bytes", async () => {
    const { join, hits, survived } = await siege({ limits: { pendingPushes: 2, pendingBytes: 1000 } })
    const [many, large] = [await join("room:1"), await join("room:1")]
    many.send(Buffer.concat(Array.from({ length: 5 }, () => push("never"))))
    await many.until(() => many.refused.get("too many pushes") === 2)
    large.send(Buffer.concat(Array.from({ length: 3 }, () => push("never", "x".repeat(600)))))
    await large.until(() => large.refused.get("too many pushes") === 2)
    expect(hits).toEqual(["pendingPushes", "pendingPushes", "pendingBytes", "pendingBytes"])
    await survived()
  })
})

describe("a flood", () => {
  it("is read in turns with what others send", async () => {
    const { join, endpoint, survived } = await siege()
    const order: string[] = []
    endpoint.channel("room:turns:*", {
      receive: {
        work(_payload, { topic }) {
          order.push(topic)
          const until = performance.now() + 2
          while (performance.now() < until);
        },
      },
    })
    const topics = ["room:turns:a", "room:turns:b"]
    const lines = await Promise.all(topics.map(join))
    const PUSHES = 30
    for (const [n, line] of lines.entries()) {
      const push = messageFrame("1", "2", topics[n], "work", {})
      line.send(Buffer.concat(Array.from({ length: PUSHES }, () => push)))
    }
    // The reply to the join is the first frame.
    for (const line of lines) await line.until(() => line.frames > PUSHES)
    expect(order).toHaveLength(2 * PUSHES)
    const [first = "", second = ""] = [...new Set(order)]
    expect(order.indexOf(second)).toBeLessThan(order.lastIndexOf(first))
    expect(order.indexOf(second)).toBeLessThan(PUSHES)
    await survived()
  })
})

describe("a client that does not read", () => {
  it("is disconnected once replies wait, though its broadcasts are left out", async () => {
    const { join, hits, survived } = await siege({
      slowClient: "drop",
      limits: { queuedBytes: 1_000_000, pushesPerSecond: Infinity, framesPerSecond: Infinity },
    })
    const deaf = await join("room:1")
    deaf.socket.pause()
    const ask = messageFrame("1", "2", "room:1", "echo", "x".repeat(500_000))
    const asking = setInterval(() => deaf.send(ask), 1)
    await deaf.ended
    clearInterval(asking)
    expect(hits[0]).toBe("queuedBytes")
    await survived()
  })

  it("is disconnected when all clients together hold too much", async () => {
    const { join, hits, survived } = await siege({
      limits: { queuedBytes: 1 << 30, heldBytes: 1_000_000, pushesPerSecond: Infinity, framesPerSecond: Infinity },
    })
    const deaf = await join("room:1")
    deaf.socket.pause()
    const ask = messageFrame("1", "2", "room:1", "echo", "x".repeat(500_000))
    const asking = setInterval(() => deaf.send(ask), 1)
    await deaf.ended
    clearInterval(asking)
    expect(hits).toContain("heldBytes")
    await survived()
  })
})

describe("a frame of a connection that has ended", () => {
  it("is not kept", async () => {
    const { enter, endpoint, survived } = await siege()
    const intruder = await enter()
    intruder.send(Buffer.concat([clientFrame(TEXT, "no frame"), join("room:late")]))
    await intruder.until(() => intruder.closeCode !== undefined)
    expect(endpoint.counters().rookery_channels).toBe(1)
    await survived()
  })
})
