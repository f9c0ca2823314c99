import { describe, expect, it } from "vitest"
import { MemoryCluster, MemoryHub, type ChannelHandlers, type ClusterNode, type Endpoint } from "rookery/server"
import { Gate } from "../support/gate.js"
import { stages, type Stage } from "../support/stage.js"
import { answer, type WireClient, type WireFrame } from "../support/wire-client.js"

const stage = stages()

const HISTORY = { size: 100, ttl: 60_000 }

/** Joins as a client that recovers; `after` is the last offset that it has seen. */
async function recover(client: WireClient, after?: { epoch: string; offset: number }): Promise<string> {
  client.send("1", "1", "room:1", "phx_join", { recover: { id: "a", ...after } })
  const { response } = answer(await client.next()) as { response: { recover: { epoch: string } } }
  return response.recover.epoch
}

/** The payloads of frames, each with its offset, if it has one. */
const told = (frames: WireFrame[]): unknown[] =>
  frames.map((frame) => (frame as unknown[])[4] + (frame.length > 5 ? ` at ${String((frame as unknown[])[5])}` : ""))

const rooms =
  (handlers: ChannelHandlers) =>
  (endpoint: Endpoint): void =>
    void endpoint.channel("room:*", handlers)

/** A listener that answers "?" with "!". */
function answering(endpoint: Endpoint): void {
  endpoint.subscribe("room:1", (_event, payload) => {
    if (payload === "?") void endpoint.broadcast("room:1", "said", "!")
  })
}

describe("two broadcasts of which one causes the other", () => {
  it("come to everybody in the same order", async () => {
    const { connect, endpoint } = await stage({}, rooms({}))
    const before = await connect()
    await before.join("room:1")
    answering(endpoint)
    const behind = await connect()
    await behind.join("room:1")
    void endpoint.broadcast("room:1", "said", "?")
    for (const client of [before, behind]) expect(told(await client.take(2))).toEqual(["?", "!"])
  })

  it("come in the order of their offsets", async () => {
    const { connect, endpoint } = await stage({}, rooms({ history: HISTORY }))
    answering(endpoint)
    answering(endpoint)
    const client = await connect()
    await recover(client)
    void endpoint.broadcast("room:1", "said", "?")
    expect(told(await client.take(3))).toEqual(["? at 1", "! at 2", "! at 3"])
  })

  it.each([
    ["of a topic without a history", {}],
    ["of a topic with a history", { history: HISTORY }],
  ])("come to the clients of another node in the same order, %s", async (_which, handlers) => {
    const hub = new MemoryHub()
    const here = await stage({ cluster: new MemoryCluster(hub) }, rooms(handlers))
    const there = await stage({ cluster: new MemoryCluster(hub) }, rooms(handlers))
    answering(here.endpoint)
    const client = await there.connect()
    await client.join("room:1")
    void here.endpoint.broadcast("room:1", "said", "?")
    expect(told(await client.take(2))).toEqual(["?", "!"])
  })

  it.each([
    ["of a topic without a history", {}],
    ["of a topic with a history", { history: HISTORY }],
  ])("leave everything else its turn, even if each causes another one, %s", async (_which, handlers) => {
    const MOST = 50_000
    const { endpoint } = await stage({}, rooms(handlers))
    let count = 0
    const ended = new Promise<void>((resolve) => {
      endpoint.subscribe("room:1", () => {
        if (++count === MOST) resolve()
        else void endpoint.broadcast("room:1", "said", "and again")
      })
    })
    const turn = new Promise<number>((resolve) => setTimeout(() => resolve(count)))
    void endpoint.broadcast("room:1", "said", "once")
    expect(await turn).toBeLessThan(MOST)
    await ended
  })

  it("report the second one, if nobody can be sent it", async () => {
    const errors: unknown[] = []
    const { connect, endpoint } = await stage({}, rooms({}))
    endpoint.on("error", ({ error }) => errors.push(error))
    endpoint.subscribe("room:1", (event) => {
      if (event === "said") void endpoint.broadcast("room:1", "sum", { n: 1n })
    })
    const client = await connect()
    await client.join("room:1")
    void endpoint.broadcast("room:1", "said", "?")
    expect(told(await client.fence())).toContain("?")
    expect(errors.map(String)).toEqual([expect.stringContaining("JSON cannot carry this payload")])
  })
})

describe("a client that comes back", () => {
  it("gets what it missed before what a listener of its join broadcasts", async () => {
    const { connect, endpoint } = await stage({}, rooms({ history: HISTORY }))
    const client = await connect()
    const epoch = await recover(client)
    endpoint.on("channelJoined", ({ topic, recovered }) => {
      if (recovered !== undefined) void endpoint.broadcast(topic, "said", "welcome back")
    })
    for (const text of ["one", "two"]) void endpoint.broadcast("room:1", "said", text)
    const back = await connect()
    await recover(back, { epoch, offset: 0 })
    expect(told(await back.take(3))).toEqual(["one at 1", "two at 2", "welcome back at 3"])
  })
})

/** A cluster that can lose what comes to this node. */
class LossyCluster extends MemoryCluster {
  losing = false
  node: ClusterNode | undefined

  override start(node: ClusterNode): void {
    this.node = node
    super.start(
      new Proxy(node, {
        get: (target, key: keyof ClusterNode) =>
          key === "deliverNumbered" && this.losing ? () => {} : target[key].bind(target),
      }),
    )
  }
}

describe("a client that recovers, and whose node has lost a message", () => {
  async function lost(handlers: ChannelHandlers): Promise<Stage & { client: WireClient; say(text: string): void }> {
    const cluster = new LossyCluster()
    const made = await stage({ cluster }, rooms({ history: HISTORY, ...handlers }))
    const client = await made.connect()
    await recover(client)
    const say = (text: string): void => void made.endpoint.broadcast("room:1", "said", text)
    return {
      ...made,
      client,
      say(text) {
        cluster.losing = text === "lost"
        say(text)
        cluster.losing = false
        if (text === "lost") cluster.node?.lost("room:1")
      },
    }
  }

  it("gets nothing that would hide the gap while a handler is awaited, and joins again then", async () => {
    const gate = new Gate()
    const { client, say } = await lost({ receive: { act: () => gate.wait() } })
    say("one")
    client.send("1", "2", "room:1", "act", {})
    await gate.begun
    say("lost")
    say("three")
    expect(told(await client.fence())).toEqual(["one at 1"])
    gate.open()
    const [reply, end] = await client.take(2)
    expect([answer(reply as WireFrame), (end as unknown[])[3]]).toEqual([{ status: "ok", response: {} }, "phx_error"])
  })

  it("gets nothing that waits for its intercept either", async () => {
    const gate = new Gate()
    const { client, say } = await lost({
      receive: { act: () => gate.wait() },
      intercept: { said: (payload, room) => room.push("said", payload) },
    })
    client.send("1", "2", "room:1", "act", {})
    await gate.begun
    say("lost")
    say("two")
    gate.open()
    const [, end] = await client.take(2)
    expect((end as unknown[])[3]).toBe("phx_error")
  })
})
