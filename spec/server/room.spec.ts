import { describe, expect, it, vi } from "vitest"
import type { Channel, TerminateReason } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { stages } from "../support/stage.js"
import { answer } from "../support/wire-client.js"

const stage = stages()

describe("a room", () => {
  it("can be spoken to from a timer, and is quiet once it has ended", async () => {
    let room: Channel | undefined
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", { joined: (joined) => void (room = joined) }),
    )
    const client = await connect()
    await client.join("room:1")
    room?.push("tick", { n: 1 })
    expect(await client.next()).toEqual(["1", null, "room:1", "tick", { n: 1 }])
    client.send("1", "2", "room:1", "phx_leave", {})
    await client.take(2)
    room?.push("tick", { n: 2 })
    room?.broadcast("tick", { n: 3 })
    room?.track("a", {})
    expect(await client.fence()).toEqual([])
    expect(room?.joined).toBe(false)
    expect(room?.signal.aborted).toBe(true)
  })

  it("crashes, and nothing else, when a timer pushes what cannot be encoded", async () => {
    let room: Channel | undefined
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", { joined: (joined) => void (room = joined) }),
    )
    const client = await connect()
    await client.join("room:1")
    expect(() => room?.push("tick", { n: 1n })).not.toThrow()
    expect(await client.next()).toEqual(["1", "1", "room:1", "phx_error", { reason: "channel_crash" }])
  })

  it("refuses to speak before its join is answered", async () => {
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", { join: (_, room) => room.push("early", {}) }),
    )
    const client = await connect()
    expect(answer(await client.join("room:1"))).toEqual({ status: "error", response: { reason: "join crashed" } })
  })

  it("stops after its reply, or at once from outside a handler", async () => {
    let room: Channel | undefined
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        joined: (joined) => void (room = joined),
        receive: {
          stop: (_, joined) => {
            joined.stop("shutdown")
            return { last: true }
          },
        },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "stop", {})
    expect(await client.take(2)).toEqual([
      ["1", "2", "room:1", "phx_reply", { status: "ok", response: { last: true } }],
      ["1", "1", "room:1", "phx_close", {}],
    ])
    await client.join("room:1")
    room?.stop("oops")
    expect(await client.next()).toEqual(["2", "2", "room:1", "phx_error", { reason: "channel_crash" }])
  })

  it("has assigns of its own", async () => {
    const { connect } = await stage({ connect: () => ({ assigns: { n: 0 } }) }, (endpoint) =>
      endpoint.channel("room:*", { receive: { count: (_, room) => ++room.assigns.n } }),
    )
    const client = await connect()
    await client.join("room:1")
    await client.join("room:2")
    client.send("1", "3", "room:1", "count", {})
    client.send("1", "4", "room:1", "count", {})
    client.send("2", "5", "room:2", "count", {})
    expect((await client.take(3)).map(answer)).toEqual([1, 2, 1].map((response) => ({ status: "ok", response })))
  })

  it("shows outgoing broadcasts to intercept, in their turn", async () => {
    const { connect, endpoint } = await stage({}, (made) =>
      made.channel("room:*", {
        joined: (room) => void (room.assigns = { seen: [] }),
        intercept: {
          async news(payload, room) {
            await Promise.resolve()
            if (!payload.secret) room.push("news", { ...payload, seen: true })
          },
        },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    endpoint.broadcast("room:1", "news", { n: 1 })
    endpoint.broadcast("room:1", "news", { n: 2, secret: true })
    endpoint.broadcast("room:1", "news", { n: 3 })
    endpoint.broadcast("room:1", "other", { n: 4 })
    expect(await client.take(3)).toEqual([
      [null, null, "room:1", "other", { n: 4 }],
      ["1", null, "room:1", "news", { n: 1, seen: true }],
      ["1", null, "room:1", "news", { n: 3, seen: true }],
    ])
  })

  it("tells why it ended, once", async () => {
    const reasons: TerminateReason[] = []
    const { connect, endpoint } = await stage({ connect: () => ({ id: "user:1" }) }, (made) =>
      made.channel("room:*", {
        terminate: (reason) => void reasons.push(reason),
        receive: {
          crash: () => {
            throw new Error("boom")
          },
          stop: (_, room) => room.stop(),
        },
      }),
    )
    const client = await connect()
    const end = async (act: () => void): Promise<void> => {
      await client.join("room:1")
      act()
      await vi.waitFor(() => expect(client.unread.length).toBeGreaterThan(0), PATIENCE)
      await client.fence()
    }
    await end(() => client.send(null, "x", "room:1", "phx_leave", {}))
    await end(() => client.send(null, "x", "room:1", "crash", {}))
    await end(() => client.send(null, "x", "room:1", "stop", {}))
    await end(() => endpoint.kick("room:1", "user:1"))
    await client.join("room:1")
    await client.join("room:1")
    await client.fence()
    client.socket.terminate()
    await vi.waitFor(() => expect(reasons).toHaveLength(6), PATIENCE)
    expect(reasons.map(({ kind }) => kind)).toEqual([
      "left",
      "crashed",
      "stopped",
      "kicked",
      "duplicate_join",
      "closed",
    ])
    expect(reasons[1]).toMatchObject({ error: new Error("boom") })
    expect(reasons[5]).toMatchObject({ code: 1006 })
  })
})

describe("a topic", () => {
  it("belongs to the exact pattern, else to the longest", async () => {
    const { connect } = await stage({}, (endpoint) => {
      const says = (pattern: string): void => void endpoint.channel(pattern, { join: () => pattern })
      for (const pattern of ["*", "room:*", "room:vip:*", "room:lobby"]) says(pattern)
    })
    const client = await connect()
    const found: unknown[] = []
    for (const topic of ["room:lobby", "room:lobby2", "room:vip:1", "other"])
      found.push(answer(await client.join(topic)))
    expect(found).toEqual(["room:lobby", "room:*", "room:vip:*", "*"].map((response) => ({ status: "ok", response })))
  })
})

describe("an endpoint", () => {
  it("ends every socket of an id, and no other", async () => {
    const { connect, endpoint } = await stage({ connect: ({ params }) => ({ id: `user:${String(params["user"])}` }) })
    const [a, b, c] = [
      await connect({ query: { user: "1" } }),
      await connect({ query: { user: "1" } }),
      await connect({ query: { user: "2" } }),
    ]
    endpoint.disconnect("user:1")
    expect([await a.closed(), await b.closed()]).toEqual([1001, 1001])
    expect(await c.fence()).toEqual([])
  })

  it("lets listeners of its own hear a topic, until they stop", async () => {
    const { endpoint } = await stage()
    const heard: unknown[] = []
    const stop = endpoint.subscribe("room:1", (event, payload) => heard.push([event, payload]))
    endpoint.broadcast("room:1", "news", { n: 1 })
    stop()
    endpoint.broadcast("room:1", "news", { n: 2 })
    expect(heard).toEqual([["news", { n: 1 }]])
  })

  it("carries any JSON value in a broadcast", async () => {
    const { connect, endpoint } = await stage({}, (made) => made.channel("room:*", {}))
    const client = await connect()
    await client.join("room:1")
    for (const payload of [1, "text", null, [1], true]) endpoint.broadcast("room:1", "any", payload)
    expect((await client.take(5)).map(answer)).toEqual([1, "text", null, [1], true])
  })
})
