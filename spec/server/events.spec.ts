import { describe, expect, it, vi } from "vitest"
import { consoleLogger, Refused, type EndpointEvents, type LogFields, type LogLevel } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { stages } from "../support/stage.js"

const stage = stages()

const NAMES: (keyof EndpointEvents)[] = [
  "socketConnected",
  "socketClosed",
  "connectRefused",
  "channelJoined",
  "joinRefused",
  "channelEnded",
  "pushHandled",
  "pushCrashed",
  "broadcast",
  "limitHit",
  "error",
]

describe("an endpoint", () => {
  it("tells what happens", async () => {
    const told: [string, object][] = []
    const { connect, endpoint } = await stage({ connect: ({ params }) => params["token"] !== "bad" }, (made) => {
      for (const name of NAMES) made.on(name, (details) => told.push([name, details]))
      made.channel("room:*", {
        join: ({ topic }) => {
          if (topic === "room:no") throw new Refused({})
        },
        receive: {
          ask: () => "answer",
          crash: () => {
            throw new Error("boom")
          },
        },
      })
    })
    const last = (name: string): object | undefined => told.findLast(([each]) => each === name)?.[1]
    await expect(connect({ query: { token: "bad" } })).rejects.toThrow("403")
    expect(last("connectRefused")).toMatchObject({ transport: "websocket", status: 403, reason: "refused" })
    const client = await connect()
    await client.join("room:no")
    await client.join("nope:1")
    await client.join("room:1")
    client.send("3", "4", "room:1", "ask", {})
    await client.next()
    endpoint.broadcast("room:1", "news", {})
    client.send("3", "5", "room:1", "crash", {})
    await client.take(2)
    await client.close()
    await vi.waitFor(() => expect(last("socketClosed")).toBeDefined(), PATIENCE)
    expect(told.map(([name]) => name)).toEqual([
      "connectRefused",
      "socketConnected",
      "joinRefused",
      "joinRefused",
      "channelJoined",
      "pushHandled",
      "broadcast",
      "pushCrashed",
      "error",
      "channelEnded",
      "socketClosed",
    ])
    expect(last("joinRefused")).toMatchObject({ topic: "nope:1", reason: "unmatched", durationMs: 0 })
    expect(last("pushCrashed")).toMatchObject({
      topic: "room:1",
      event: "crash",
      durationMs: expect.any(Number),
      error: new Error("boom"),
    })
    expect(last("pushHandled")).toMatchObject({
      topic: "room:1",
      event: "ask",
      status: "ok",
      durationMs: expect.any(Number),
    })
    expect(last("broadcast")).toEqual({ topic: "room:1", event: "news", recipients: 1 })
    expect(last("channelEnded")).toMatchObject({ topic: "room:1", reason: { kind: "crashed" } })
    expect(last("socketClosed")).toMatchObject({ code: 1005 })
  })

  it("counts", async () => {
    const { connect, endpoint } = await stage({}, (made) =>
      made.channel("room:*", { joined: (room) => room.track("a", {}), receive: { ask: () => 1 } }),
    )
    const client = await connect()
    await client.join("room:1")
    client.send("1", "2", "room:1", "ask", {})
    client.socket.send("nonsense")
    const open = endpoint.counters()
    expect(await client.closed()).toBe(1011)
    const closed = endpoint.counters()
    expect(open).toMatchObject({ rookery_sockets: 1, rookery_channels: 1, rookery_topics: 1, rookery_presences: 1 })
    expect(closed).toMatchObject({
      rookery_sockets: 0,
      rookery_channels: 0,
      rookery_topics: 0,
      rookery_presences: 0,
      rookery_sockets_connected_total: 1,
      rookery_sockets_closed_total: 1,
      rookery_channels_joined_total: 1,
      rookery_frames_received_total: 3,
      rookery_frames_rejected_total: 1,
      rookery_pushes_total: 1,
    })
  })

  it("writes neither tokens nor payloads into its log", async () => {
    const lines: [LogLevel, string, LogFields][] = []
    const { connect } = await stage(
      {
        logger: (...line) => void lines.push(line),
        limits: { pushesPerSecond: 1, pushBurst: 2 },
        connect: ({ params }) => params["token"] !== "bad-secret",
      },
      (made) =>
        made.channel("room:*", {
          receive: {
            crash: () => {
              throw new Error("boom")
            },
          },
        }),
    )
    const protocols = ["phoenix", "base64url.bearer.phx.c2VjcmV0"]
    await expect(connect({ query: { token: "bad-secret" } })).rejects.toThrow("403")
    const client = await connect({ query: { token: "secret" }, protocols })
    await client.join("room:1", { password: "secret" })
    for (const ref of ["2", "3", "4"]) client.send("1", ref, "room:1", "crash", { text: "secret" })
    client.socket.send('{"text":"secret"')
    await client.closed()
    expect(lines.length).toBeGreaterThan(2)
    expect(JSON.stringify(lines)).not.toContain("secret")
    expect(lines.some(([level, , { error }]) => level === "error" && error instanceof Error)).toBe(true)
  })

  it("goes on when a listener, or the logger, throws", async () => {
    const { connect, endpoint } = await stage({
      logger: () => {
        throw new Error("no log")
      },
    })
    endpoint.on("socketConnected", () => {
      throw new Error("no listener")
    })
    const client = await connect()
    expect(await client.fence()).toEqual([])
  })
})

describe("the logger of the console", () => {
  it("writes warnings and errors, and nothing less", () => {
    const written: unknown[][] = []
    const error = vi.spyOn(console, "error").mockImplementation((...args) => void written.push(args))
    const warn = vi.spyOn(console, "warn").mockImplementation((...args) => void written.push(args))
    const failure = new Error("boom")
    consoleLogger("info", "quiet", {})
    consoleLogger("warn", "limit hit", { address: "10.0.0.1", socket: null })
    consoleLogger("error", "channel threw", { topic: "room:1", error: failure })
    error.mockRestore()
    warn.mockRestore()
    expect(written).toEqual([
      ['[rookery] limit hit address="10.0.0.1"'],
      [expect.stringMatching(/^\[rookery\] channel threw topic="room:1" Error: boom\n {8}at /)],
    ])
  })
})
