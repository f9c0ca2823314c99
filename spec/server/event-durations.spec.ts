import { afterEach, describe, expect, it } from "vitest"
import { Socket } from "rookery"
import { Endpoint, Refused, type EndpointEvents } from "rookery/server"
import { after, fate, withFakeTime } from "../support/client.js"
import { inProcess } from "../support/in-process-transport.js"

withFakeTime()

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const BOOM = new Error("boom")

/** The details of an event so far, without the socket. */
function heard<E extends keyof EndpointEvents>(endpoint: Endpoint, event: E): object[] {
  const all: object[] = []
  endpoint.on(event, (details) => all.push({ ...details, socket: undefined }))
  return all
}

/** An endpoint whose every step takes its own time, and its client. */
function slow(params: { token?: string } = {}): { endpoint: Endpoint; socket: Socket } {
  const endpoint = new Endpoint({
    logger: false,
    connect: async ({ params: { token } }) => {
      await pause(20)
      return token !== "bad"
    },
  })
  endpoint.channel("room:*", {
    join: async (_params, { topic }) => {
      await pause(30)
      if (topic === "room:private") throw new Refused({})
      if (topic === "room:broken") throw BOOM
    },
    receive: {
      crash: async () => {
        await pause(40)
        throw BOOM
      },
      unsayable: async () => {
        await pause(50)
        return { self: 1n }
      },
    },
  })
  const socket = new Socket("ws://example.test/socket", { transport: inProcess(endpoint), params })
  sockets.push(socket)
  return { endpoint, socket }
}

describe("the events of an endpoint", () => {
  it("tell how long a client waited until it was connected", async () => {
    const { endpoint, socket } = slow()
    const connected = heard(endpoint, "socketConnected")
    socket.connect()
    await after(100)
    expect(connected).toEqual([{ durationMs: 20 }])
  })

  it("tell how long a client waited until it was refused", async () => {
    const { endpoint, socket } = slow({ token: "bad" })
    const refused = heard(endpoint, "connectRefused")
    socket.connect()
    await after(100)
    expect(refused[0]).toMatchObject({ reason: "refused", durationMs: 20 })
  })

  it("tell how long a refused join took, and the error if it crashed", async () => {
    const { endpoint, socket } = slow()
    const refused = heard(endpoint, "joinRefused")
    socket.connect()
    for (const topic of ["room:private", "room:broken", "lobby"]) {
      const channel = socket.channel(topic)
      void fate(channel.join())
      await after(100)
      void fate(channel.leave())
      await after(100)
    }
    expect(refused).toEqual([
      { topic: "room:private", reason: "refused", durationMs: 30 },
      { topic: "room:broken", reason: "crashed", durationMs: 30, error: BOOM },
      { topic: "lobby", reason: "unmatched", durationMs: 0 },
    ])
  })

  it("tell which push crashed a channel, and after how long", async () => {
    const { endpoint, socket } = slow()
    const crashed = heard(endpoint, "pushCrashed")
    socket.connect()
    for (const event of ["crash", "unsayable", "unknown"]) {
      const channel = socket.channel("room:1")
      void fate(channel.join())
      await after(100)
      void fate(channel.push(event, {}))
      await after(100)
      void fate(channel.leave())
      await after(100)
    }
    expect(crashed).toEqual([
      { topic: "room:1", event: "crash", ref: expect.any(String), durationMs: 40, error: BOOM },
      { topic: "room:1", event: "unsayable", ref: expect.any(String), durationMs: 50, error: expect.any(Error) },
      {
        topic: "room:1",
        event: "unknown",
        ref: expect.any(String),
        durationMs: 0,
        error: expect.objectContaining({ code: "handler_failed" }),
      },
    ])
  })
})

describe("an endpoint", () => {
  it("tells the pattern that serves a topic, to group by it", () => {
    const endpoint = new Endpoint({ logger: false })
    endpoint.channel("room:*", {})
    endpoint.channel("room:lobby", {})
    endpoint.channel("room:team:*", {})
    expect(["room:1", "room:lobby", "room:team:1", "else"].map((topic) => endpoint.patternOf(topic))).toEqual([
      "room:*",
      "room:lobby",
      "room:team:*",
      undefined,
    ])
  })
})
