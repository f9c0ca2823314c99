import { afterEach, describe, expect, it, vi } from "vitest"
import { Endpoint, type Limits } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { closeBody, OPCODES, rawFrame } from "../support/raw-websocket.js"
import { RawClient } from "../support/raw-client.js"

const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const frame = (opcode: number, payload: string | Uint8Array = ""): Buffer => rawFrame(opcode, payload, { masked: true })
const closing = (code: number): Buffer => frame(OPCODES.close, closeBody(code))
const UNMASKED = rawFrame(OPCODES.text, "x")

interface Served {
  readonly endpoint: Endpoint
  /** Messages that reached the handler of the gateway. */
  readonly messages: string[]
  /** Close codes that the gateway was told. */
  readonly closes: number[]
  enter(path?: string): Promise<RawClient>
}

/** An endpoint with a gateway at `/ws` that closes with the code that a client's text ends on. */
async function served(limits: Partial<Limits> = {}): Promise<Served> {
  const endpoint = new Endpoint({ logger: false, limits: { closeMs: 60_000, ...limits } })
  const messages: string[] = []
  const closes: number[] = []
  endpoint.channel("room:*", { receive: {} })
  endpoint.gateway("/ws", {
    onMessage(data: string, client) {
      messages.push(data)
      // More than every buffer of TCP takes, so that the close frame behind it cannot leave.
      if (data.startsWith("flood ")) for (let i = 0; i < 16; i++) client.send("x".repeat(1_000_000))
      const [code] = /\d+$/.exec(data) ?? []
      if (code !== undefined) client.close(Number(code))
      else client.send(data)
    },
    onClose: (_, code) => void closes.push(code),
  })
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  const clients: RawClient[] = []
  open.push(async () => {
    for (const client of clients) client.socket.destroy()
    await endpoint.close({ deadlineMs: 0 })
  })
  const enter = async (path = "/ws"): Promise<RawClient> => {
    const client = await RawClient.open(port, path)
    clients.push(client)
    return client
  }
  return { endpoint, messages, closes, enter }
}

/** How clients end the websocket without ending TCP, and the code that they are sent. */
const WAYS: [name: string, path: string, bytes: Buffer, code: number][] = [
  ["breaks the protocol", "/ws", UNMASKED, 1002],
  ["is closed by a handler", "/ws", frame(OPCODES.text, "4000"), 4000],
  ["closes the websocket itself", "/ws", closing(1000), 1000],
  ["sends a frame that is too large", "/ws", frame(OPCODES.binary, new Uint8Array(2000)), 1009],
  ["sends a message that no serializer can read", "/socket/websocket?vsn=2.0.0", frame(OPCODES.text, "{"), 1011],
]

describe("the place of a connection", () => {
  it.each(WAYS)("is taken as long as TCP is open, by a client that %s and lingers", async (_, path, bytes, code) => {
    const { enter } = await served({ connections: 5, frameBytes: 1000 })
    const statuses: number[] = []
    const lingering: RawClient[] = []
    for (let i = 0; i < 20; i++) {
      const client = await enter(path)
      statuses.push(client.status)
      if (client.status !== 101) continue
      lingering.push(client)
      client.send(bytes)
      await client.until(() => client.closeCode !== undefined)
    }
    expect(lingering.map(({ closeCode, closed }) => [closeCode, closed])).toEqual(
      Array.from({ length: 5 }, () => [code, false]),
    )
    expect(statuses).toEqual([...Array(5).fill(101), ...Array(15).fill(503)])
  })

  it.each(WAYS)("is free once TCP has ended, after a client that %s", async (_, path, bytes) => {
    const { enter } = await served({ connections: 1, frameBytes: 1000 })
    const client = await enter(path)
    client.send(bytes)
    await client.until(() => client.closeCode !== undefined)
    client.send(closing(1000))
    client.end()
    await client.until(() => client.closed)
    // The server learns of the end of TCP a moment later than the client.
    await vi.waitFor(async () => expect((await enter(path)).status).toBe(101), PATIENCE)
  })

  it.each(WAYS)("is free after `closeMs`, after a client that %s and never ends TCP", async (_, path, bytes) => {
    const { enter } = await served({ connections: 1, frameBytes: 1000, closeMs: 30 })
    const client = await enter(path)
    client.send(bytes)
    await client.until(() => client.closeCode !== undefined)
    await vi.waitFor(async () => expect((await enter(path)).status).toBe(101), PATIENCE)
    expect(client.closed).toBe(false)
  })
})

describe("a client that reads nothing", () => {
  it("gives its place back after `closeMs`, with what was queued for it", async () => {
    const { enter, closes } = await served({ connections: 1, closeMs: 30, queuedBytes: 100_000_000 })
    const client = await enter()
    client.socket.pause()
    client.send(frame(OPCODES.text, "flood 4000"))
    await vi.waitFor(() => expect(closes).toEqual([4000]), PATIENCE)
    await vi.waitFor(async () => expect((await enter()).status).toBe(101), PATIENCE)
  })
})

describe("the end of a websocket", () => {
  it("reaches the handler at once, while the client still holds TCP open", async () => {
    const { enter, endpoint, closes } = await served()
    const client = await enter()
    client.send(UNMASKED)
    await client.until(() => client.closeCode !== undefined)
    expect(closes).toEqual([1002])
    expect(endpoint.counters().rookery_gateway_clients).toBe(0)
    expect(client.closed).toBe(false)
  })

  it("comes with the end of TCP after a protocol violation, without waiting for the client", async () => {
    const { enter } = await served()
    const client = await enter()
    client.send(UNMASKED)
    await client.until(() => client.ended)
    expect([client.closeCode, client.reset]).toEqual([1002, false])
  })

  it("waits for the client's close frame where the server closes, and for nothing else", async () => {
    const { enter, messages } = await served()
    const client = await enter()
    client.send(frame(OPCODES.text, "4000"))
    await client.until(() => client.closeCode !== undefined)
    client.send(Buffer.concat([frame(OPCODES.text, "late"), frame(OPCODES.ping, "late")]))
    expect(client.ended).toBe(false)
    client.send(closing(1000))
    await client.until(() => client.ended)
    expect(messages).toEqual(["4000"])
    expect(client.frames.map(({ opcode }) => opcode)).toEqual([OPCODES.close])
  })

  it("leaves nothing of what a client sends after it to be read or counted", async () => {
    const { enter, endpoint, messages } = await served({ framesPerSecond: 1, frameBurst: 5 })
    const hits: string[] = []
    endpoint.on("limitHit", ({ limit }) => hits.push(limit))
    const client = await enter()
    client.send(UNMASKED)
    await client.until(() => client.ended)
    for (let i = 0; i < 100; i++) client.send(frame(OPCODES.text, "late"))
    client.end()
    await client.until(() => client.closed)
    expect(messages).toEqual([])
    expect(hits).toEqual([])
  })
})

describe("a client that ends its half of TCP without a close frame", () => {
  it("is answered what it had asked for before", async () => {
    const { enter, closes } = await served()
    const client = await enter()
    client.send(frame(OPCODES.text, "last"))
    client.end()
    await client.until(() => client.closed)
    expect(client.frames.map(({ payload }) => String(payload))).toEqual(["last"])
    expect(closes).toEqual([1006])
  })

  it("has every message read that it had sent, also those that wait for their turn", async () => {
    const { enter, messages, closes } = await served({ pushBurst: 100_000, frameBurst: 100_000 })
    const client = await enter()
    const texts = Array.from({ length: 20_000 }, (_, i) => `${i}th message`)
    client.send(Buffer.concat(texts.map((text) => frame(OPCODES.text, text))))
    client.end()
    await client.until(() => client.closed)
    expect(messages.length).toBe(texts.length)
    expect(closes).toEqual([1006])
  })
})
