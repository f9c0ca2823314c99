import { afterEach, describe, expect, it } from "vitest"
import { Socket, type Channel } from "rookery"
import { Endpoint, type EndpointOptions, type PassingMessage } from "rookery/server"
import { inProcess } from "../support/in-process-transport.js"

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

function house(options: EndpointOptions = {}): Endpoint {
  const endpoint = new Endpoint({ logger: false, ...options })
  endpoint.channel("room:*", {
    receive: {
      echo: (payload) => payload,
      shout: (payload, room) => room.broadcast("shout", payload),
      hang: () => new Promise(() => {}),
      unsayable: () => 1n,
    },
  })
  return endpoint
}

async function visit(endpoint: Endpoint, ...topics: string[]): Promise<Channel[]> {
  const socket = new Socket("ws://example.test/socket", { transport: inProcess(endpoint) })
  sockets.push(socket)
  socket.connect()
  await socket.opened()
  const channels = topics.map((topic) => socket.channel(topic))
  await Promise.all(channels.map((channel) => channel.join()))
  return channels
}

const short = ({ direction, topic, event, payload, recipients }: PassingMessage): unknown[] =>
  recipients === undefined ? [direction, topic, event, payload] : [direction, topic, event, payload, recipients]

describe("an endpoint", () => {
  it("tells each message of its clients as it passes, and a broadcast once", async () => {
    const endpoint = house()
    const passed: PassingMessage[] = []
    endpoint.on("message", (message) => passed.push(message))
    const [room] = await visit(endpoint, "room:1")
    await visit(endpoint, "room:1")
    passed.splice(0)
    await room?.push("echo", { text: "hi" })
    await room?.push("shout", { text: "ho" })
    expect(passed.map(short)).toEqual([
      ["in", "room:1", "echo", { text: "hi" }],
      ["out", "room:1", "phx_reply", { status: "ok", response: { text: "hi" } }],
      ["in", "room:1", "shout", { text: "ho" }],
      ["broadcast", "room:1", "shout", { text: "ho" }, 2],
      ["out", "room:1", "phx_reply", { status: "ok", response: {} }],
    ])
    const [asked, answered, , broadcast] = passed
    const [first] = endpoint.sockets()
    expect([asked?.socket, answered?.socket, broadcast?.socket]).toEqual([first?.socket, first?.socket, undefined])
    expect(answered?.ref).toBe(asked?.ref)
    expect(answered?.joinRef).toBe(asked?.joinRef)
  })

  it("tells no message that could not be encoded", async () => {
    const endpoint = house()
    const [room] = await visit(endpoint, "room:1")
    const passed: unknown[] = []
    endpoint.on("message", ({ event }) => passed.push(event))
    await expect(room?.push("unsayable", {})).rejects.toThrow("crashed")
    expect(passed.slice(0, 2)).toEqual(["unsayable", "phx_error"])
  })

  it("tells nothing of messages once the listener is gone", async () => {
    const endpoint = house()
    const passed: unknown[] = []
    const stop = endpoint.on("message", ({ event }) => passed.push(event))
    stop()
    await visit(endpoint, "room:1")
    expect(passed).toEqual([])
  })

  it("has its clients with their channels, and how much waits for each", async () => {
    const endpoint = house()
    const [, room] = await visit(endpoint, "room:1", "room:2")
    await visit(endpoint)
    const events = ["hang", "echo", "echo"]
    let passed = 0
    const arrived = new Promise<void>((resolve) => {
      endpoint.on("message", ({ direction }) => direction === "in" && ++passed === events.length && resolve())
    })
    for (const event of events) room?.push(event, {}).catch(() => {})
    await arrived
    await Promise.resolve()
    expect(Array.from(endpoint.sockets(), (each) => each.channels())).toEqual([
      [
        { topic: "room:1", joined: true, waiting: 0 },
        { topic: "room:2", joined: true, waiting: 2 },
      ],
      [],
    ])
  })

  it("removes one client from a topic, also one without an id", async () => {
    const endpoint = house()
    const [room] = await visit(endpoint, "room:1")
    const [other] = await visit(endpoint, "room:1")
    const [first] = endpoint.sockets()
    const closed = new Promise((resolve) => room?.onClose(resolve))
    first?.kick("room:1")
    await closed
    expect([room?.state, other?.state]).toEqual(["closed", "joined"])
    expect(first?.channels()).toEqual([])
  })

  it("is the only node without a cluster", async () => {
    expect(await house().nodes()).toBe(1)
  })
})
