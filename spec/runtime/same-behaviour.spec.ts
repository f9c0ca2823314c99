import { once } from "node:events"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket, WebSocketServer } from "ws"
import {
  Endpoint,
  wsServer,
  type EndpointOptions,
  type InProcessConnection,
  type LimitName,
  type WebSocketServerAdapter,
} from "rookery/server"

/** A client that speaks in frames, however it is connected. */
interface Client {
  send(frame: unknown): void
  /** The next frame; text as what its JSON says. */
  next(): Promise<unknown>
  close(code: number): void
  /** The code of the close. */
  closed: Promise<number>
}

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Frames that came, for a reader that waits for them. */
class Inbox {
  readonly #frames: unknown[] = []
  #wake = (): void => {}

  add(frame: string | Uint8Array): void {
    this.#frames.push(typeof frame === "string" ? JSON.parse(frame) : new Uint8Array(frame))
    this.#wake()
  }

  async next(): Promise<unknown> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#frames.shift()
  }
}

const encoded = (frame: unknown): string | Uint8Array =>
  frame instanceof Uint8Array || typeof frame === "string" ? frame : JSON.stringify(frame)

/** Connects by a websocket to an endpoint that listens. */
function byWebSocket(websocketServer?: () => WebSocketServerAdapter) {
  return {
    options: websocketServer === undefined ? {} : { websocketServer: websocketServer() },
    async connect(endpoint: Endpoint, { query = "", perMessageDeflate = false } = {}): Promise<Client> {
      const { port } = await endpoint.listen()
      const socket = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0${query}`, { perMessageDeflate })
      closing.push(() => socket.terminate())
      const inbox = new Inbox()
      socket.on("message", (data: Buffer, isBinary) => inbox.add(isBinary ? data : String(data)))
      const closed = once(socket, "close").then(([code]) => code as number)
      await once(socket, "open")
      return {
        send: (frame) => socket.send(encoded(frame)),
        next: () => inbox.next(),
        close: (code) => socket.close(code),
        closed,
      }
    },
  }
}

const inProcess = {
  options: {},
  async connect(endpoint: Endpoint, { query = "" } = {}): Promise<Client> {
    const inbox = new Inbox()
    let end: (code: number) => void
    const closed = new Promise<number>((resolve) => (end = resolve))
    const line: InProcessConnection = await endpoint.connectInProcess({
      params: `vsn=2.0.0${query}`,
      frame: (frame) => inbox.add(frame),
      closed: (code) => end(code),
    })
    return {
      send: (frame) => line.send(encoded(frame)),
      next: () => inbox.next(),
      close: (code) => line.close(code),
      closed,
    }
  },
}

const OWN = byWebSocket()
const WS = byWebSocket(() => wsServer(WebSocketServer))

interface Made {
  endpoint: Endpoint
  limits: LimitName[]
  ends: number[]
}

function make(options: EndpointOptions): Made {
  const endpoint = new Endpoint({ logger: false, ...options }).channel("room:*", {
    join: ({ params }) => ({ params }),
    receive: {
      echo: (payload) => payload,
      shout: (payload, room) => room.broadcast("shouted", payload),
    },
  })
  closing.push(() => endpoint.close({ deadlineMs: 0 }))
  const limits: LimitName[] = []
  const ends: number[] = []
  endpoint.on("limitHit", ({ limit }) => limits.push(limit))
  endpoint.on("socketClosed", ({ code }) => ends.push(code))
  return { endpoint, limits, ends }
}

const JOIN = ["1", "1", "room:1", "phx_join", { name: "ada" }]
const reply = (ref: string, response: unknown, status = "ok"): unknown => [
  "1",
  ref,
  "room:1",
  "phx_reply",
  { status, response },
]

describe.each([
  ["Rookery's own websockets", OWN],
  ["the websockets of ws", WS],
  ["a client of the same process", inProcess],
] as const)("an endpoint over %s", (_, way) => {
  it("answers joins and pushes, and broadcasts", async () => {
    const { endpoint } = make(way.options)
    const client = await way.connect(endpoint)
    client.send(JOIN)
    expect(await client.next()).toEqual(reply("1", { params: { name: "ada" } }))
    client.send(["1", "2", "room:1", "echo", { text: "ä 🐎" }])
    expect(await client.next()).toEqual(reply("2", { text: "ä 🐎" }))
    client.send(["1", "3", "room:1", "shout", { text: "hi" }])
    expect(await client.next()).toEqual([null, null, "room:1", "shouted", { text: "hi" }])
    expect(await client.next()).toEqual(reply("3", {}))
  })

  it("carries bytes both ways, and a long message", async () => {
    const { endpoint } = make(way.options)
    const client = await way.connect(endpoint)
    client.send(JOIN)
    await client.next()
    // A binary push of V2: its kind, the lengths of four names, the names and the payload.
    const push = Buffer.concat([Buffer.from([0, 1, 1, 6, 4]), Buffer.from("12room:1echo"), Buffer.from([7, 8, 9])])
    client.send(new Uint8Array(push))
    const answer = Buffer.from((await client.next()) as Uint8Array)
    expect(answer.subarray(-3)).toEqual(Buffer.from([7, 8, 9]))
    const text = "x".repeat(200_000)
    client.send(["1", "3", "room:1", "echo", { text }])
    expect(await client.next()).toEqual(reply("3", { text }))
  })

  it("handles everything in the order in which it came", async () => {
    const { endpoint } = make(way.options)
    const client = await way.connect(endpoint)
    client.send(JOIN)
    for (let ref = 2; ref < 50; ref++) client.send(["1", String(ref), "room:1", "echo", { ref }])
    await client.next()
    for (let ref = 2; ref < 50; ref++) expect(await client.next()).toEqual(reply(String(ref), { ref }))
  })

  it("tells a client of a limit, and closes the connection of one that sends what is no frame", async () => {
    const { endpoint, limits } = make({ ...way.options, limits: { pushesPerSecond: 0.001, pushBurst: 1 } })
    const client = await way.connect(endpoint)
    client.send(JOIN)
    await client.next()
    for (const ref of ["2", "3"]) client.send(["1", ref, "room:1", "echo", {}])
    expect(await client.next()).toEqual(reply("2", {}))
    expect(await client.next()).toEqual(reply("3", { reason: "too many pushes" }, "error"))
    expect(limits).toEqual(["pushesPerSecond"])
    client.send("nonsense")
    expect(await client.closed).toBe(1011)
  })

  it("closes with 1001 where the server says so, with 1012 where it restarts", async () => {
    const { endpoint, ends } = make({ ...way.options, connect: () => ({ id: "ada" }) })
    const client = await way.connect(endpoint)
    await endpoint.disconnect("ada")
    expect(await client.closed).toBe(1001)
    const { endpoint: other, ends: otherEnds } = make(way.options)
    const left = await way.connect(other)
    await other.close({ deadlineMs: 2000 })
    expect(await left.closed).toBe(1012)
    expect([ends, otherEnds]).toEqual([[1001], [1012]])
  })

  it("learns of a client that closes, with its code", async () => {
    const { endpoint } = make(way.options)
    const client = await way.connect(endpoint)
    const ended = new Promise<number>((resolve) => void endpoint.on("socketClosed", ({ code }) => resolve(code)))
    client.close(4001)
    expect(await ended).toBe(4001)
  })
})

describe.each([
  ["Rookery's own websockets", OWN],
  ["the websockets of ws", WS],
] as const)("an endpoint over %s", (_, way) => {
  it("ends the connection of a message over the limit with 1009", async () => {
    const { endpoint, limits } = make({ ...way.options, limits: { frameBytes: 1000, messageBytes: 1000 } })
    const client = await way.connect(endpoint)
    client.send(["1", "1", "room:1", "phx_join", { long: "x".repeat(1000) }])
    expect(await client.closed).toBe(1009)
    // `ws` does not tell single frames from messages.
    expect(limits).toEqual([way === OWN ? "frameBytes" : "messageBytes"])
  })

  it("allows no frame larger than a message where the limit of messages alone is given", async () => {
    const { endpoint, limits } = make({ ...way.options, limits: { messageBytes: 1000 } })
    const client = await way.connect(endpoint)
    client.send(["1", "1", "room:1", "phx_join", { long: "x".repeat(1000) }])
    expect(await client.closed).toBe(1009)
    expect(limits).toEqual([way === OWN ? "frameBytes" : "messageBytes"])
  })

  it("ends the connection of a client that floods with 1008", async () => {
    const { endpoint, limits } = make({ ...way.options, limits: { framesPerSecond: 1, frameBurst: 5 } })
    const client = await way.connect(endpoint)
    for (let ref = 0; ref < 20; ref++) client.send([null, String(ref), "phoenix", "heartbeat", {}])
    expect(await client.closed).toBe(1008)
    expect(limits).toEqual(["framesPerSecond"])
  })

  it("ends the connection of a client that does not read with what waits for it, and no other", async () => {
    const { endpoint, limits, ends } = make({ ...way.options, limits: { queuedBytes: 100_000 } })
    const { port } = await endpoint.listen()
    const slow = new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`, { perMessageDeflate: false })
    closing.push(() => slow.terminate())
    await once(slow, "open")
    slow.send(JSON.stringify(JOIN))
    await once(slow, "message")
    slow.pause()
    const ended = new Promise((resolve) => void endpoint.on("socketClosed", resolve))
    const text = "x".repeat(500_000)
    // The kernel holds some megabytes of it.
    while (ends.length === 0) {
      endpoint.broadcast("room:1", "news", { text })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await ended
    expect(limits).toEqual(["queuedBytes"])
    expect(ends).toEqual([1013])
  })

  it("deflates where the client offers it and the path says so", async () => {
    const { endpoint } = make({ ...way.options, compress: true })
    const client = await way.connect(endpoint, { perMessageDeflate: true })
    client.send(JOIN)
    await client.next()
    const text = "again ".repeat(10_000)
    client.send(["1", "2", "room:1", "echo", { text }])
    expect(await client.next()).toEqual(reply("2", { text }))
    client.send(["1", "3", "room:1", "shout", { text }])
    expect(await client.next()).toEqual([null, null, "room:1", "shouted", { text }])
  })

  it("names the subprotocol that a gateway agrees on", async () => {
    const { endpoint } = make(way.options)
    endpoint.gateway("/ws", { subprotocols: ["chat"], onMessage: (data, client) => client.send(data) })
    const { port } = await endpoint.listen()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["other", "chat"])
    closing.push(() => socket.terminate())
    await once(socket, "open")
    expect(socket.protocol).toBe("chat")
    socket.send("hi")
    expect(String((await once(socket, "message"))[0])).toBe("hi")
  })
})
