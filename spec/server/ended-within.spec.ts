import { describe, expect, it } from "vitest"
import type { Endpoint, InProcessConnection } from "rookery/server"
import { PollClient } from "../support/poll-client.js"
import { stages } from "../support/stage.js"
import { answer } from "../support/wire-client.js"

const stage = stages()

/** A client of the same process that closes its connection when a frame comes, within the call that sends it. */
async function closesAt(
  endpoint: Endpoint,
  isLast: (ref: unknown, event: unknown) => boolean,
): Promise<InProcessConnection & { frame(...frame: unknown[]): void }> {
  const line: InProcessConnection = await endpoint.connectInProcess({
    params: { vsn: "2.0.0" },
    frame(frame) {
      const [, ref, , event] = JSON.parse(String(frame)) as unknown[]
      if (isLast(ref, event)) line.close()
    },
    closed: () => {},
  })
  return { ...line, frame: (...frame) => line.send(JSON.stringify(frame)) }
}

describe("a connection that ends within a call", () => {
  it("leaves nobody in the room, in its presences or in the counters, if a join's answer ends it", async () => {
    const called: string[] = []
    const { connect, endpoint, port } = await stage({ limits: { queuedBytes: 1000 } }, (endpoint) => {
      endpoint.on("channelJoined", () => called.push("channelJoined"))
      endpoint.channel("room:*", {
        join: () => ({ long: "x".repeat(2000) }),
        joined(room) {
          called.push("joined")
          room.track("ada", {})
        },
        terminate: () => void called.push("terminate"),
      })
    })
    const polling = await PollClient.connect(port)
    expect(await polling.send("1", "1", "room:1", "phx_join", {})).toBe(410)
    const inProcess = await closesAt(endpoint, (ref) => ref === "1")
    inProcess.frame("1", "1", "room:1", "phx_join", {})
    expect(called).toEqual([])
    expect(await endpoint.count("room:1")).toBe(0)
    expect(endpoint.presences("room:1")).toEqual({})
    expect(endpoint.counters()).toMatchObject({
      rookery_sockets: 0,
      rookery_channels: 0,
      rookery_topics: 0,
      rookery_presences: 0,
    })
    expect(await (await connect()).fence()).toEqual([])
  })

  it("is told nothing more of its channel, if the end of the earlier channel ends it", async () => {
    const called: string[] = []
    const { endpoint } = await stage({}, (endpoint) => {
      for (const event of ["channelJoined", "channelEnded"] as const) endpoint.on(event, () => called.push(event))
      endpoint.channel("room:*", { joined: () => void called.push("joined") })
    })
    const client = await closesAt(endpoint, (_ref, event) => event === "phx_close")
    client.frame("1", "1", "room:1", "phx_join", {})
    client.frame("2", "2", "room:1", "phx_join", {})
    expect(called).toEqual(["channelJoined", "joined", "channelEnded", "channelJoined", "channelEnded"])
    expect(endpoint.counters()).toMatchObject({ rookery_sockets: 0, rookery_channels: 0, rookery_topics: 0 })
  })

  it("is told nothing more of its channel, if a message that it missed ends it", async () => {
    const called: string[] = []
    const { connect, endpoint } = await stage({}, (endpoint) => {
      endpoint.channel("room:*", {
        history: { size: 10, ttl: 60_000 },
        joined: () => void called.push("joined"),
        terminate: () => void called.push("terminate"),
      })
    })
    const other = await connect()
    await other.join("room:1")
    for (const n of [1, 2, 3]) await endpoint.broadcast("room:1", "told", { n })
    await other.take(3)
    called.length = 0
    const client = await closesAt(endpoint, (_ref, event) => event === "told")
    client.frame("1", "1", "room:1", "phx_join", { recover: { id: "a", rewind: 3 } })
    expect(called).toEqual(["terminate"])
    expect(endpoint.counters()).toMatchObject({ rookery_sockets: 1, rookery_channels: 1 })
  })

  it("joins nothing more, if the terminate of the earlier channel closes it", async () => {
    const joins: unknown[] = []
    const { connect, endpoint } = await stage({}, (endpoint) => {
      endpoint.channel("room:*", {
        join: ({ params }) => void joins.push(params),
        terminate: (_reason, room) => room.socket.disconnect(),
      })
    })
    const client = await connect()
    expect(answer(await client.join("room:1", { n: 1 }))).toMatchObject({ status: "ok" })
    void client.join("room:1", { n: 2 }).catch(() => {})
    expect(await client.closed()).toBe(1001)
    expect(joins).toEqual([{ n: 1 }])
    expect(endpoint.counters()).toMatchObject({ rookery_sockets: 0, rookery_channels: 0, rookery_topics: 0 })
  })
})
