import { describe, expect, it, vi } from "vitest"
import { noReply, Refused, reply, type Channel, type TerminateReason } from "rookery/server"
import { stages } from "../support/stage.js"
import { answer } from "../support/wire-client.js"

const stage = stages()

const gate = (): { opened: Promise<void>; open: () => void } => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

describe("a handler's answer", () => {
  it.each([
    ["what it returns", () => ({ id: 1 }), { status: "ok", response: { id: 1 } }],
    ["an empty map for nothing", () => {}, { status: "ok", response: {} }],
    ["null for null", () => null, { status: "ok", response: null }],
    ["what it resolves to", async () => [1, 2], { status: "ok", response: [1, 2] }],
    [
      "an error for a Refused",
      () => {
        throw new Refused({ reason: "no" })
      },
      { status: "error", response: { reason: "no" } },
    ],
    [
      "an error for a Refused that comes later",
      () => Promise.reject(new Refused("no")),
      { status: "error", response: "no" },
    ],
    ["a status of its own", () => reply("busy", { retry: 1 }), { status: "busy", response: { retry: 1 } }],
    ["a status of its own without a response", () => reply("busy"), { status: "busy", response: {} }],
  ])("is %s", async (_, handler, expected) => {
    const { connect } = await stage({}, (endpoint) => endpoint.channel("room:*", { receive: { ask: handler } }))
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "ask", {})
    expect(await client.next()).toEqual(["1", "2", "room:1", "phx_reply", expected])
  })

  it("is none for noReply", async () => {
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", { receive: { a: () => noReply, b: (_, room) => room.noReply } }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "a", {})
    client.send("1", "3", "room:1", "b", {})
    expect(await client.fence()).toEqual([])
  })

  it("comes later, and more than once, by replyTo", async () => {
    const late: (() => void)[] = []
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        receive: {
          ask(_, room) {
            const answers = room.replyTo()
            late.push(
              () => answers("ok", { n: 1 }),
              () => answers("busy"),
            )
            return room.noReply
          },
        },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "ask", {})
    expect(await client.fence()).toEqual([])
    for (const act of late) act()
    expect((await client.take(2)).map(answer)).toEqual([
      { status: "ok", response: { n: 1 } },
      { status: "busy", response: {} },
    ])
  })

  it("never comes after the channel has ended", async () => {
    let late = (): void => {}
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        receive: {
          ask(_, room) {
            const answers = room.replyTo()
            late = () => answers("ok", {})
            return room.noReply
          },
        },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "ask", {})
    client.send("1", "3", "room:1", "phx_leave", {})
    await client.take(2)
    late()
    expect(await client.fence()).toEqual([])
  })

  it("is a crash where it cannot be encoded, and the socket lives", async () => {
    const { connect } = await stage({}, (endpoint) => endpoint.channel("room:*", { receive: { ask: () => 1n } }))
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "ask", {})
    expect(await client.next()).toEqual(["1", "1", "room:1", "phx_error", { reason: "channel_crash" }])
  })

  it("tells nothing of an error", async () => {
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        join: ({ topic }) => {
          if (topic === "room:secret") throw new Error("the password is 123")
        },
        receive: { ask: () => Promise.reject(new Error("the password is 123")) },
      }),
    )
    const client = await connect()
    expect(JSON.stringify(await client.join("room:secret"))).not.toContain("password")
    client.send("2", "2", "room:1", "phx_join", {})
    client.send("2", "3", "room:1", "ask", {})
    await client.next()
    expect(JSON.stringify(await client.next())).not.toContain("password")
  })
})

describe("an event", () => {
  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "called %s has no handler by inheritance",
    async (event) => {
      const { connect } = await stage({}, (endpoint) => endpoint.channel("room:*", { receive: { ask: () => 1 } }))
      const client = await connect()
      await client.join("room:1")
      client.send("1", "2", "room:1", event, {})
      expect(await client.next()).toEqual(["1", "1", "room:1", "phx_error", { reason: "channel_crash" }])
    },
  )

  it("called constructor can have one", async () => {
    const { connect } = await stage({}, (endpoint) => endpoint.channel("room:*", { receive: { constructor: () => 1 } }))
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "constructor", {})
    expect(answer(await client.next())).toEqual({ status: "ok", response: 1 })
  })
})

describe("one channel", () => {
  it("takes one push after the other, and waits for each", async () => {
    const first = gate()
    const order: string[] = []
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        receive: {
          async slow() {
            await first.opened
            order.push("slow")
          },
          quick: () => void order.push("quick"),
        },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "slow", {})
    client.send("1", "3", "room:1", "quick", {})
    expect(await client.fence()).toEqual([])
    first.open()
    expect((await client.take(2)).map((frame) => (frame as unknown[])[1])).toEqual(["2", "3"])
    expect(order).toEqual(["slow", "quick"])
  })

  it("does not hold up another", async () => {
    const first = gate()
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", { receive: { slow: () => first.opened, quick: () => 1 } }),
    )
    const client = await connect()
    await client.join("room:1")
    await client.join("room:2")
    client.send("1", "3", "room:1", "slow", {})
    client.send("2", "4", "room:2", "quick", {})
    expect(((await client.next()) as unknown[])[1]).toBe("4")
    first.open()
    expect(((await client.next()) as unknown[])[1]).toBe("3")
  })

  it("drops what stood in line when it crashes", async () => {
    const first = gate()
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        receive: {
          slow: async () => {
            await first.opened
            throw new Error("crash")
          },
          quick: () => 1,
        },
      }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "slow", {})
    client.send("1", "3", "room:1", "quick", {})
    await client.fence()
    first.open()
    expect(await client.next()).toEqual(["1", "1", "room:1", "phx_error", { reason: "channel_crash" }])
    expect(await client.fence()).toEqual([])
  })
})

describe("a slow join", () => {
  it("holds up its own topic and no other", async () => {
    const first = gate()
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        join: ({ topic }) => (topic === "room:slow" ? first.opened.then(() => ({ topic })) : { topic }),
        receive: { echo: (payload) => payload },
      }),
    )
    const client = await connect()
    client.send("1", "1", "room:slow", "phx_join", {})
    client.send("1", "2", "room:slow", "echo", { a: 1 })
    client.send("3", "3", "room:quick", "phx_join", {})
    expect(((await client.next()) as unknown[])[2]).toBe("room:quick")
    first.open()
    expect((await client.take(2)).map(answer)).toEqual([
      { status: "ok", response: { topic: "room:slow" } },
      { status: "ok", response: { a: 1 } },
    ])
  })

  it("that is refused leaves what came behind it without a channel", async () => {
    const first = gate()
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        join: () =>
          first.opened.then(() => {
            throw new Refused({ reason: "no" })
          }),
      }),
    )
    const client = await connect()
    client.send("1", "1", "room:1", "phx_join", {})
    client.send("1", "2", "room:1", "echo", {})
    client.send("1", "3", "room:1", "phx_leave", {})
    await client.fence()
    first.open()
    expect((await client.take(3)).map(answer)).toEqual([
      { status: "error", response: { reason: "no" } },
      { status: "error", response: { reason: "unmatched topic" } },
      { status: "ok", response: {} },
    ])
  })

  it("that is followed by a second join and a push gives the push to the second", async () => {
    const first = gate()
    const { connect } = await stage({}, (endpoint) =>
      endpoint.channel("room:*", {
        join: ({ params }) => (params.slow ? first.opened.then(() => "slow") : "quick"),
        receive: { echo: (payload) => payload },
      }),
    )
    const client = await connect()
    client.send("1", "1", "room:1", "phx_join", { slow: true })
    client.send("2", "2", "room:1", "phx_join", {})
    client.send("2", "3", "room:1", "echo", { a: 1 })
    await client.fence()
    first.open()
    expect(await client.take(4)).toEqual([
      ["1", "1", "room:1", "phx_reply", { status: "ok", response: "slow" }],
      ["2", "2", "room:1", "phx_reply", { status: "ok", response: "quick" }],
      ["1", "1", "room:1", "phx_close", {}],
      ["2", "3", "room:1", "phx_reply", { status: "ok", response: { a: 1 } }],
    ])
  })
})

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
      await vi.waitFor(() => expect(client.unread.length).toBeGreaterThan(0))
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
    await vi.waitFor(() => expect(reasons).toHaveLength(6))
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
