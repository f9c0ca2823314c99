import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { constants, inflateRawSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { WebSocketServer } from "ws"
import { Endpoint, type Gateway } from "rookery/server"
import { RawClient } from "../support/raw-client.js"
import { rawFrame, OPCODES } from "../support/raw-websocket.js"

let endpoint: Endpoint
let gateway: Gateway
let port: number
let reference: WebSocketServer

beforeAll(async () => {
  endpoint = new Endpoint({ logger: false, compress: true })
  gateway = endpoint.gateway("/ws", { onMessage: (data, client) => client.send(data) })
  ;({ port } = await endpoint.listen({ host: "127.0.0.1" }))
  reference = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true })
  await once(reference, "listening")
})

afterAll(async () => {
  for (const client of reference.clients) client.terminate()
  await Promise.all([endpoint.close({ deadlineMs: 0 }), new Promise((resolve) => reference.close(resolve))])
})

async function open(at: number, offer: string): Promise<RawClient> {
  return await RawClient.open(at, "/ws", [`sec-websocket-extensions: ${offer}`])
}

/** The parameters that a server agrees on, in order of their names; its status if it lets the client in no other way. */
async function agreed(at: number, offer: string): Promise<string> {
  const client = await open(at, offer)
  client.socket.destroy()
  if (client.status !== 101) return `HTTP ${client.status}`
  const [name, ...params] = (client.header("sec-websocket-extensions") ?? "none").split(";").map((part) => part.trim())
  return [name, ...params.sort()].join("; ")
}

const DEFLATE = "permessage-deflate"
const INVALID = "ws fails the handshake; RFC 7692 7.1 has the server decline the offer, so that the next one counts"
const ANY_WINDOW = "Phoenix names the window that it takes"

/** The client's offer, the endpoint's answer, and the answer of `ws` if it differs. */
const OFFERS: [clause: string, offer: string, answer: string, ws?: string, because?: string][] = [
  ["7.1", DEFLATE, DEFLATE],
  ["7.1", "permessage-foo", "none"],
  ["7.1", `permessage-foo, ${DEFLATE}`, DEFLATE],
  ["7.1.1.1", `${DEFLATE}; server_no_context_takeover`, `${DEFLATE}; server_no_context_takeover`],
  ["7.1.1.2", `${DEFLATE}; client_no_context_takeover`, `${DEFLATE}; client_no_context_takeover`],
  [
    "7.1.1",
    `${DEFLATE}; server_no_context_takeover; client_no_context_takeover`,
    `${DEFLATE}; client_no_context_takeover; server_no_context_takeover`,
  ],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits=15`, `${DEFLATE}; server_max_window_bits=15`],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits=10`, `${DEFLATE}; server_max_window_bits=10`],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits=8`, `${DEFLATE}; server_max_window_bits=8`],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits="12"`, `${DEFLATE}; server_max_window_bits=12`],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits`, "none", "HTTP 400", INVALID],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits=7`, "none", "HTTP 400", INVALID],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits=16`, "none", "HTTP 400", INVALID],
  ["7.1.2.1", `${DEFLATE}; server_max_window_bits=a`, "none", "HTTP 400", INVALID],
  ["7.1.2.2", `${DEFLATE}; client_max_window_bits`, `${DEFLATE}; client_max_window_bits=15`, DEFLATE, ANY_WINDOW],
  ["7.1.2.2", `${DEFLATE}; client_max_window_bits=10`, `${DEFLATE}; client_max_window_bits=10`],
  ["7.1.2.2", `${DEFLATE}; client_max_window_bits=16`, "none", "HTTP 400", INVALID],
  ["7.1", `${DEFLATE}; server_no_context_takeover; server_no_context_takeover`, "none", "HTTP 400", INVALID],
  ["7.1", `${DEFLATE}; client_max_window_bits; client_max_window_bits=10`, "none", "HTTP 400", INVALID],
  ["7.1", `${DEFLATE}; server_max_window_bits=10; server_max_window_bits=10`, "none", "HTTP 400", INVALID],
  ["7.1", `${DEFLATE}; server_no_context_takeover=1`, "none", "HTTP 400", INVALID],
  ["7.1", `${DEFLATE}; unknown`, "none", "HTTP 400", INVALID],
  ["7.1", `${DEFLATE}; unknown, ${DEFLATE}`, DEFLATE, "HTTP 400", INVALID],
  [
    "7.1",
    `${DEFLATE}; server_max_window_bits=10; server_max_window_bits=11, ${DEFLATE}; client_no_context_takeover`,
    `${DEFLATE}; client_no_context_takeover`,
    "HTTP 400",
    INVALID,
  ],
  ["7.1", `${DEFLATE}; server_max_window_bits=9, ${DEFLATE}`, `${DEFLATE}; server_max_window_bits=9`],
]

describe("permessage-deflate", () => {
  it.each(OFFERS)("permessage-deflate, RFC 7692 %s: %s is answered with %s", async (_, offer, answer, ws = answer) => {
    expect([await agreed(port, offer), await agreed(portOf(reference), offer)]).toEqual([answer, ws])
  })

  it("gives a reason where ws answers something else", () => {
    for (const [, , , ws, because = ""] of OFFERS) if (ws !== undefined) expect(because).not.toBe("")
  })
})

function portOf(server: WebSocketServer): number {
  return (server.address() as AddressInfo).port
}

/** A text whose second half repeats the first, from farther back than a small window holds. */
const FAR = Array.from({ length: 2 }, () => Array.from({ length: 150 }, (_, i) => `line ${i * 7919}`).join()).join()

/** Inflates as a client with a window of so many bits does, which holds nothing but that window. */
const inflated = (payload: Buffer, windowBits: number): string =>
  String(
    inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
      windowBits,
      chunkSize: 64,
      finishFlush: constants.Z_SYNC_FLUSH,
    }),
  )

describe("a client with a small window", () => {
  it.each([8, 9, 10, 11, 12, 13, 14, 15])("a window of %i bits can inflate replies and broadcasts", async (bits) => {
    const client = await open(port, `${DEFLATE}; server_max_window_bits=${bits}`)
    client.send(rawFrame(OPCODES.text, FAR, { masked: true }))
    await client.until(() => client.frames.length === 1)
    gateway.broadcast(FAR)
    await client.until(() => client.frames.length === 2)
    client.socket.destroy()
    expect(client.frames.map(({ compressed, payload }) => [compressed, inflated(payload, bits)])).toEqual([
      [true, FAR],
      [true, FAR],
    ])
  })

  it("could not inflate what a client with the largest window is sent", async () => {
    const client = await open(port, DEFLATE)
    client.send(rawFrame(OPCODES.text, FAR, { masked: true }))
    await client.until(() => client.frames.length === 1)
    client.socket.destroy()
    const payload = client.frames[0]?.payload as Buffer
    expect(inflated(payload, 15)).toBe(FAR)
    expect(() => inflated(payload, 9)).toThrow("invalid distance too far back")
  })
})
