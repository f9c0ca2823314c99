import { describe, expect, it } from "vitest"
import { noReply, Refused, reply } from "rookery/server"
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

  it("a channel that crashes drops the pushes that wait in its queue", async () => {
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

  it("a slow join that is refused leaves the messages after it without a channel", async () => {
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

  it("a push after a second join belongs to the second join, even if the first is slow", async () => {
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
