import { describe, expect, it } from "vitest"
import { MemoryCluster, MemoryHub, msgpack, type Endpoint, type EndpointOptions, type ReplyTo } from "rookery/server"
import { Gate } from "../support/gate.js"
import { stages, type Stage } from "../support/stage.js"
import { answer, type WireClient, type WireFrame } from "../support/wire-client.js"

const stage = stages()

const SECRET = "an id of some 128 random bits"
const byName: EndpointOptions = { connect: ({ params }) => ({ id: String(params["name"]) }) }

interface App extends Stage {
  readonly hub: MemoryHub
  /** The names of the pushes whose handler ran, in order. */
  readonly ran: (string | undefined)[]
  readonly hits: string[]
  /** Ways to answer the pushes of `later`. */
  readonly later: ReplyTo[]
  enter(name?: string): Promise<WireClient>
}

async function start(options: EndpointOptions = {}): Promise<App> {
  const hub = new MemoryHub()
  const ran: App["ran"] = []
  const hits: string[] = []
  const later: ReplyTo[] = []
  const build = (endpoint: Endpoint): void => {
    endpoint.on("limitHit", ({ limit }) => hits.push(limit))
    endpoint.channel("room:*", {
      history: { size: 1000, ttl: 60_000 },
      receive: {
        echo: (payload, _room, { id }) => {
          ran.push(id)
          return payload
        },
        silent(_payload, room, { id }) {
          ran.push(id)
          return room.noReply
        },
        later(_payload, room, { id }) {
          ran.push(id)
          later.push(room.replyTo())
          return room.noReply
        },
        bytes: () => Uint8Array.of(1, 2, 3),
        say: (text, room, { id = "" }) => room.broadcast("said", text, { once: id }),
      },
    })
  }
  const made = await stage({ cluster: new MemoryCluster(hub), ...options }, build)
  return {
    ...made,
    hub,
    ran,
    hits,
    later,
    async enter(name) {
      const client = await made.connect(name === undefined ? {} : { query: { name } })
      await client.join("room:1")
      return client
    },
  }
}

async function push(client: WireClient, event: string, payload: unknown, ref: string): Promise<unknown> {
  client.send("1", ref, "room:1", event, payload)
  return answer(await client.next())
}

const ok = (response: unknown): unknown => ({ status: "ok", response })

describe("A push with retry", () => {
  it("a push with retry whose client loses its connection while it is handled still reaches the others, once", async () => {
    const gate = new Gate()
    const { connect, endpoint } = await stage(byName, (made) =>
      made.channel("room:*", {
        history: { size: 100, ttl: 60_000 },
        receive: {
          async say(text, room, { id = "" }) {
            await gate.wait()
            await room.broadcast("said", text, { once: id })
          },
        },
      }),
    )
    const [ada, bob] = [await connect({ query: { name: "ada" } }), await connect({ query: { name: "bob" } })]
    for (const client of [ada, bob]) await client.join("room:1")
    const ended = new Promise((resolve) => endpoint.on("channelEnded", resolve))
    ada.send("1", `2~${SECRET}`, "room:1", "say", "hello")
    await gate.begun
    ada.socket.terminate()
    await ended
    const back = await connect({ query: { name: "ada" } })
    await back.join("room:1")
    back.send("1", `3~${SECRET}`, "room:1", "say", "hello")
    await back.fence()
    gate.open()
    const said = [null, null, "room:1", "said", "hello"]
    expect(await bob.next()).toEqual(said)
    expect(await back.take(2)).toEqual([said, ["1", `3~${SECRET}`, "room:1", "phx_reply", ok({})]])
    expect(await bob.fence()).toEqual([])
  })

  it("a push with retry of one anonymous client reveals nothing to another one that guesses its id", async () => {
    const { enter, ran } = await start()
    const [victim, attacker] = [await enter(), await enter()]
    expect(await push(victim, "echo", "private", "5~1")).toEqual(ok("private"))
    expect(await push(attacker, "echo", "nothing", "5~1")).toEqual(ok("nothing"))
    expect(new Set(ran).size).toBe(2)
  })

  it("a push with retry of one anonymous client cannot be blocked by another one that sends its id first", async () => {
    const { enter } = await start()
    const [victim, attacker] = [await enter(), await enter()]
    expect(await push(attacker, "echo", "taken", "5~1")).toEqual(ok("taken"))
    expect(await push(victim, "echo", "mine", "5~1")).toEqual(ok("mine"))
  })

  it("a push with retry of an anonymous client takes effect once on two connections, by its secret id", async () => {
    const { enter, ran } = await start()
    expect(await push(await enter(), "echo", "first", `5~${SECRET}`)).toEqual(ok("first"))
    expect(await push(await enter(), "echo", "second", `9~${SECRET}`)).toEqual(ok("first"))
    expect(ran).toHaveLength(1)
  })

  it("tells its handler a name by which nobody finds its answer", async () => {
    const { enter, ran } = await start()
    await push(await enter(), "echo", "private", `5~${SECRET}`)
    expect(ran[0]).not.toContain(SECRET)
    expect(await push(await enter(), "echo", "nothing", `5~${ran[0]}`)).toEqual(ok("nothing"))
  })

  it("names a broadcast that another client with the same id cannot suppress", async () => {
    const { enter } = await start(byName)
    const [ada, bob] = [await enter("ada"), await enter("bob")]
    ada.send("1", "5~same", "room:1", "say", "of ada")
    expect(await bob.next()).toMatchObject([null, null, "room:1", "said", "of ada"])
    bob.send("1", "5~same", "room:1", "say", "of bob")
    const frames = await bob.take(2)
    expect(frames.map((frame) => (frame as unknown[])[4])).toContainEqual("of bob")
  })

  it("a push with retry that got no answer does not run again, and blocks nothing after it", async () => {
    const { enter, ran } = await start(byName)
    const [first, second] = [await enter("ada"), await enter("ada")]
    for (const [client, ref] of [
      [first, "5~abc"],
      [second, "7~abc"],
    ] as const) {
      client.send("1", ref, "room:1", "silent", {})
      expect(await push(client, "echo", "next", "8")).toEqual(ok("next"))
    }
    expect(ran.filter((id) => id !== undefined)).toHaveLength(1)
  })

  it("a push with retry gets a late answer on its new connection, which continues in the meantime", async () => {
    const { enter, ran, later } = await start(byName)
    const first = await enter("ada")
    first.send("1", "5~abc", "room:1", "later", {})
    await first.fence()
    first.socket.terminate()
    const second = await enter("ada")
    second.send("1", "7~abc", "room:1", "later", {})
    expect(await push(second, "echo", "next", "8")).toEqual(ok("next"))
    later[0]?.("ok", "at last")
    expect(await second.next()).toEqual(["1", "7~abc", "room:1", "phx_reply", ok("at last")])
    expect(ran.filter((id) => id !== undefined)).toHaveLength(1)
  })

  it("a push with retry whose answer the new connection cannot carry crashes the channel, not the connection", async () => {
    const { connect, enter } = await start(byName)
    const { encode, decode } = msgpack().client
    const first = await connect({ query: { name: "ada", vsn: "3.0.0" } })
    for (const [ref, event] of [
      ["1", "phx_join"],
      ["5~abc", "bytes"],
    ] as const) {
      first.socket.send(encode({ join_ref: "1", ref, topic: "room:1", event, payload: {} }))
      expect(decode((await first.next()) as Buffer)).toMatchObject({ ref, payload: { status: "ok" } })
    }
    const second = await connect({ query: { name: "ada", vsn: "1.0.0" } })
    const heard: unknown[] = []
    for (const [ref, event] of [
      ["1", "phx_join"],
      ["7~abc", "bytes"],
    ] as const) {
      second.socket.send(JSON.stringify({ topic: "room:1", event, payload: {}, ref, join_ref: "1" }))
      heard.push(((await second.next()) as unknown as { event: string }).event)
    }
    expect(heard).toEqual(["phx_reply", "phx_error"])
    expect(second.socket.readyState).toBe(second.socket.OPEN)
    expect(await push(await enter("bob"), "echo", 1, "2")).toEqual(ok(1))
  })

  it("is refused and told beyond its client's limit, while other clients go on", async () => {
    const { enter, hits, ran } = await start({ ...byName, limits: { retryBytes: 5000 } })
    const [ada, bob] = [await enter("ada"), await enter("bob")]
    const answers: unknown[] = []
    for (let i = 0; i < 6; i++) answers.push(await push(ada, "echo", "x", `${i + 2}~${i}`))
    const refused = { status: "error", response: { reason: "too many retries" } }
    expect(answers).toEqual([ok("x"), ok("x"), ok("x"), ok("x"), refused, refused])
    expect(hits).toEqual(["retryBytes", "retryBytes"])
    expect(ran).toHaveLength(4)
    expect(await push(ada, "echo", "again", "9~0")).toEqual(ok("x"))
    expect(await push(ada, "echo", "without retry", "10")).toEqual(ok("without retry"))
    expect(await push(bob, "echo", "y", "2~0")).toEqual(ok("y"))
  })

  it("reads a history anew each time, and leaves none of it behind", async () => {
    const { enter, endpoint, hub } = await start()
    for (let i = 0; i < 20; i++) void endpoint.broadcast("room:1", "said", "x".repeat(1000))
    const client = await enter()
    for (let i = 0; i < 300; i++) client.send("1", `${i + 2}~${SECRET}${i}`, "room:1", "phx_history", {})
    const frames: WireFrame[] = await client.take(300)
    expect(frames.every((frame) => (answer(frame) as { status: string }).status === "ok")).toBe(true)
    expect(hub.kept.claims).toBe(0)
  })

  it("pushes with retry and huge answers hold no more than their client's limit", async () => {
    const { enter, hub } = await start({ ...byName, limits: { retryBytes: 500_000 } })
    const client = await enter("ada")
    const huge = "x".repeat(50_000)
    const answers: unknown[] = []
    for (let i = 0; i < 300; i++) answers.push(await push(client, "echo", huge, `${i + 2}~${i}`))
    // Nine answers fit, and behind them pushes whose answer is not kept.
    expect(answers.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => ok(huge)))
    expect(hub.kept.claims).toBeLessThan(100)
    expect(await push(client, "echo", huge, "900~8")).toEqual(ok(huge))
    const notKept = { status: "error", response: { reason: "answer not kept" } }
    expect(await push(client, "echo", huge, "901~9")).toEqual(notKept)
  })

  it("is refused with an id that is longer than any client's, and is a plain push with none", async () => {
    const { enter, hub } = await start()
    const client = await enter()
    const tooLong = { status: "error", response: { reason: "push id too long" } }
    expect(await push(client, "echo", 1, `5~${"x".repeat(129)}`)).toEqual(tooLong)
    expect(await push(client, "echo", 1, "6~")).toEqual(ok(1))
    expect(hub.kept.claims).toBe(0)
  })
})
