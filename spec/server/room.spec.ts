import { describe, expect, it, vi } from "vitest"
import { z } from "zod"
import { contract, type Channel, type ChannelHandlers, type ReplyTo, type TerminateReason } from "rookery/server"
import { Gate } from "../support/gate.js"
import { PATIENCE } from "../support/patience.js"
import { stages } from "../support/stage.js"
import { answer, type WireClient, type WireFrame } from "../support/wire-client.js"

const stage = stages()

/** A payload that JSON cannot carry. */
const UNSENDABLE = { n: 1n }

/** Reads frames until the channel of join_ref 1 has crashed, and returns the frames before. */
async function crashed(client: WireClient): Promise<WireFrame[]> {
  const before: WireFrame[] = []
  for (;;) {
    const frame = await client.next()
    if (!Buffer.isBuffer(frame) && frame[3] === "phx_error") return before
    before.push(frame)
  }
}

/** Handlers that are awaited until the gate opens. */
const AWAITED: Record<string, (gate: Gate) => ChannelHandlers> = {
  "a push": (gate) => ({ receive: { act: () => gate.wait() } }),
  "what follows a join": (gate) => ({ joined: () => gate.wait() }),
  "what follows a slow join": (gate) => ({ join: async () => ({}), joined: () => gate.wait() }),
  "an intercepted broadcast": (gate) => ({
    intercept: { told: () => gate.wait() },
    receive: { act: (_payload, room) => void room.broadcast("told", {}) },
  }),
}

/** Calls of a room that a timer of the application may make. */
const SPOKEN: Record<string, (room: Channel) => unknown> = {
  pushes: (room) => room.push("tick", UNSENDABLE),
  broadcasts: (room) => room.broadcast("tick", UNSENDABLE),
}

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

  describe.each(Object.entries(AWAITED))("while %s is awaited", (_awaited, handlersFor) => {
    it.each(Object.entries(SPOKEN))(
      "crashes, and nothing else, when a timer %s what cannot be encoded",
      async (_, act) => {
        const gate = new Gate()
        const rooms: Channel[] = []
        const { connect } = await stage({}, (endpoint) => {
          const { join, ...handlers } = handlersFor(gate)
          endpoint.channel("room:*", {
            ...handlers,
            join(request, room) {
              rooms.push(room)
              return join?.(request, room) as object | undefined
            },
          })
        })
        const client = await connect()
        await client.join("room:1")
        client.send("1", "2", "room:1", "act", {})
        await gate.begun
        for (const room of rooms) expect(() => act(room)).not.toThrow()
        await crashed(client)
        gate.open()
        expect(answer(await client.join("room:2"))).toMatchObject({ status: "ok" })
      },
    )
  })

  it("crashes, and nothing else, when a timer replies what cannot be encoded while a handler is awaited", async () => {
    const gate = new Gate()
    let reply: ReplyTo | undefined
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        receive: {
          act(_payload, room) {
            reply = room.replyTo()
            return gate.wait()
          },
        },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "act", {})
    await gate.begun
    expect(() => reply?.("ok", UNSENDABLE)).not.toThrow()
    expect(await crashed(client)).toEqual([])
    gate.open()
  })

  it("tells a handler that runs of what cannot be encoded, also after a payload's check", async () => {
    const checked = z.object({}).refine(async () => true)
    const topics = contract({ "room:*": { sends: { checked: { payload: checked } } } })
    const told = (_payload: unknown, room: Channel): string => {
      try {
        room.push("tick", UNSENDABLE)
        return "nothing"
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const { connect } = await stage({ topics }, (endpoint) =>
      endpoint.channel("room:*", { receive: { told, checked: told } }),
    )
    const client = await connect()
    await client.join("room:1")
    for (const [ref, event] of [
      ["2", "told"],
      ["3", "checked"],
      ["4~an id of some 128 random bits", "told"],
    ]) {
      client.send("1", ref, "room:1", event, {})
      expect(answer(await client.next())).toEqual({ status: "ok", response: "unencodable" })
    }
  })

  it("goes on after what its terminate cannot broadcast while it is awaited", async () => {
    const gate = new Gate()
    let room: Channel | undefined
    const { connect, endpoint } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        terminate(reason, ended) {
          if (reason.kind !== "left") return undefined
          room = ended
          return gate.wait()
        },
      }),
    )
    const errors: unknown[] = []
    endpoint.on("error", ({ error, where }) => errors.push([where, (error as { code: string }).code]))
    const [client, other] = [await connect(), await connect()]
    await client.join("room:1")
    await other.join("room:1")
    client.send("1", "2", "room:1", "phx_leave", {})
    await gate.begun
    expect(() => room?.broadcast("bye", UNSENDABLE)).not.toThrow()
    expect(errors).toEqual([["terminate", "unencodable"]])
    gate.open()
    expect(await other.fence()).toEqual([])
  })

  it("is refused, and nothing else, when a timer of a slow join speaks before the answer", async () => {
    const gate = new Gate()
    let room: Channel | undefined
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        async join(_request, joining) {
          room = joining
          await gate.wait()
        },
      }),
    )
    const client = await connect()
    client.send("1", "1", "room:1", "phx_join", {})
    await gate.begun
    expect(() => room?.push("early", {})).not.toThrow()
    expect(answer(await client.next())).toEqual({ status: "error", response: { reason: "join crashed" } })
    gate.open()
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
