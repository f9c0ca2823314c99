import { once } from "node:events"
import { afterEach, describe, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import { Endpoint, type GatewayClient, type GatewayOptions } from "rookery/server"
import { RawClient } from "../support/raw-client.js"
import { closeBody, OPCODES, rawFrame } from "../support/raw-websocket.js"

const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** The port of an endpoint with a gateway at `/ws`, and the errors that it tells. */
async function served(options: GatewayOptions = {}): Promise<{ port: number; errors: unknown[] }> {
  const endpoint = new Endpoint({ logger: false })
  const errors: unknown[] = []
  endpoint.on("error", ({ error }) => errors.push(error))
  endpoint.gateway("/ws", options)
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  open.push(() => endpoint.close({ deadlineMs: 0 }))
  return { port, errors }
}

/** Has a gateway close a client, and gives what that client was sent. */
async function closedBy(close: (client: GatewayClient) => void): Promise<{ payload: Buffer; errors: unknown[] }> {
  const { port, errors } = await served({ onOpen: close })
  const client = await RawClient.open(port, "/ws")
  open.push(() => client.socket.destroy())
  await client.until(() => client.closeCode !== undefined)
  return { payload: client.frames[0]?.payload ?? Buffer.alloc(0), errors }
}

describe("the close code and reason of a gateway", () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    "may be %i",
    async (code) => {
      const { payload, errors } = await closedBy((client) => client.close(code, "why"))
      expect(payload).toEqual(closeBody(code, "why"))
      expect(errors).toEqual([])
    },
  )

  it.each([-1, 0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535, 65_536, 4000.5, Number.NaN, Infinity])(
    "may not be %d, and the client stays",
    async (code) => {
      const { payload, errors } = await closedBy((client) => {
        try {
          client.close(code)
        } finally {
          client.close(4000, String(client.connected))
        }
      })
      expect(payload).toEqual(closeBody(4000, "true"))
      expect(errors).toEqual([
        expect.objectContaining({ code: "bad_option", message: expect.stringContaining(`close code ${code} `) }),
      ])
    },
  )

  it.each([
    ["fits", "x".repeat(123), "x".repeat(123)],
    ["is longer than a close frame", "x".repeat(124), "x".repeat(123)],
    ["would end inside of two bytes", `${"x".repeat(122)}ž`, "x".repeat(122)],
    ["ends with the last of two bytes", `${"x".repeat(121)}žx`, `${"x".repeat(121)}ž`],
    ["would end inside of four bytes", `${"x".repeat(120)}🐎`, "x".repeat(120)],
    ["would end inside of four bytes, at the third", `${"x".repeat(121)}🐎`, "x".repeat(121)],
    ["is nothing but characters of four bytes", "🐎".repeat(1000), "🐎".repeat(30)],
    ["has half a surrogate pair", "\ud83d", "\ufffd"],
  ])("is UTF-8 where the reason %s", async (_, reason, sent) => {
    const { payload } = await closedBy((client) => client.close(4000, reason))
    expect(payload).toEqual(closeBody(4000, sent))
  })

  it("reach the client once, however often the gateway closes it", async () => {
    const onClose = vi.fn()
    const { port } = await served({
      onOpen(client) {
        client.close(4001, "first")
        client.close(4002, "second")
      },
      onClose: (_, code) => onClose(code),
    })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const [code, reason] = (await once(socket, "close")) as [number, Buffer]
    expect([code, String(reason)]).toEqual([4001, "first"])
    expect(onClose).toHaveBeenCalledExactlyOnceWith(4001)
  })

  it("come behind the messages that were sent before", async () => {
    const { port } = await served({
      onOpen(client) {
        for (let i = 0; i < 100; i++) client.send(`message ${i}`)
        client.close(4000)
        client.send("late")
      },
    })
    const client = await RawClient.open(port, "/ws")
    open.push(() => client.socket.destroy())
    await client.until(() => client.closeCode !== undefined)
    expect(client.frames.map(({ opcode, payload }) => (opcode === OPCODES.close ? "close" : String(payload)))).toEqual([
      ...Array.from({ length: 100 }, (_, i) => `message ${i}`),
      "close",
    ])
  })
})

describe("a close frame of a client", () => {
  it.each([
    ["4001", closeBody(4001, "bye"), closeBody(4001)],
    ["1000", closeBody(1000), closeBody(1000)],
    ["no code", Buffer.alloc(0), Buffer.alloc(0)],
  ])("a client's close frame with %s is answered by a gateway with the same code", async (_, sent, answer) => {
    const { port } = await served()
    const client = await RawClient.open(port, "/ws")
    open.push(() => client.socket.destroy())
    client.send(rawFrame(OPCODES.close, sent, { masked: true }))
    await client.until(() => client.ended)
    expect(client.frames.map(({ payload }) => payload)).toEqual([answer])
  })

  it("a client's close frame with 4001 is answered by a Phoenix socket with 1000, as in Phoenix", async () => {
    const { port } = await served()
    const client = await RawClient.open(port, "/socket/websocket?vsn=2.0.0")
    open.push(() => client.socket.destroy())
    client.send(rawFrame(OPCODES.close, closeBody(4001), { masked: true }))
    await client.until(() => client.ended)
    expect(client.closeCode).toBe(1000)
  })
})
