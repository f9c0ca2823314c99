import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { WebSocketServer } from "ws"
import { Connection, longPoll, Socket, webSocket, type Transport } from "../../lib/index.js"
import { Endpoint } from "../../lib/server.js"

const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9]

let endpoint: Endpoint
let url: string
beforeEach(async () => {
  endpoint = new Endpoint({ logger: false })
  endpoint.channel("room:*", {
    joined(room) {
      for (const n of ALL) room.push("count", { n })
    },
  })
  const { port } = await endpoint.listen()
  url = `ws://127.0.0.1:${port}/socket`
})
afterEach(() => endpoint.close({ deadlineMs: 0 }))

const TRANSPORTS: [string, () => Transport][] = [
  ["a websocket", webSocket],
  ["long-poll", longPoll],
]

describe.each(TRANSPORTS)("over %s, a handler that is added once the join was awaited", (_name, transport) => {
  it("hears everything that the server has sent behind its answer", async () => {
    await using socket = new Socket(url, { transport: transport() })
    socket.connect()
    const room = await socket.join("room:1")
    const heard: number[] = []
    await new Promise<void>((resolve) => {
      room.on("count", ({ n }: { n: number }) => {
        if (heard.push(n) === ALL.length) resolve()
      })
    })
    expect(heard).toEqual(ALL)
  })

  it("hears it behind as many functions as pass the answer on", async () => {
    await using socket = new Socket(url, { transport: transport() })
    socket.connect()
    const enter = async (depth: number): ReturnType<typeof socket.join> =>
      depth === 0 ? await socket.join("room:1") : await enter(depth - 1)
    const room = await enter(50)
    const heard: number[] = []
    for await (const { n } of room.messages("count") as AsyncIterable<{ n: number }>) {
      if (heard.push(n) === ALL.length) break
    }
    expect(heard).toEqual(ALL)
  })
})

it("goes on while a test has faked the ticks and microtasks of its process", async () => {
  await using socket = new Socket(url)
  socket.connect()
  const room = await socket.join("room:1")
  const heard: number[] = []
  const ticks = vi.spyOn(process, "nextTick").mockImplementation(() => {})
  vi.stubGlobal("queueMicrotask", () => {})
  try {
    const all = new Promise<void>((resolve) => {
      room.on("count", ({ n }: { n: number }) => {
        if (heard.push(n) === ALL.length) resolve()
      })
    })
    await all
  } finally {
    ticks.mockRestore()
    vi.unstubAllGlobals()
  }
  expect(heard).toEqual(ALL)
})

describe("a packet of a websocket that holds many frames", () => {
  it("is handled in order, the end of the connection last", async () => {
    await using server = Object.assign(new WebSocketServer({ port: 0 }), {
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
    })
    server.on("connection", (peer, { socket }) => {
      socket.cork()
      for (const n of ALL) peer.send(String(n))
      peer.close(4001, "enough")
      socket.uncork()
    })
    const { port } = server.address() as AddressInfo
    const connection = new Connection(`ws://127.0.0.1:${port}/`)
    const log: unknown[] = []
    connection.on("message", (data) => log.push(Number(data)))
    const closed = new Promise((resolve) => connection.on("close", resolve))
    await connection.connect()
    log.push("opened")
    expect(await closed).toMatchObject({ code: 4001, reason: "enough" })
    connection.disconnect()
    log.push("closed")
    expect(log).toEqual(["opened", ...ALL, "closed"])
  })
})
