import { constants, deflateRawSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import type { LimitName } from "rookery/server"
import {
  BINARY,
  clientFrame,
  CONTINUATION,
  LONGPOLL,
  messageFrame,
  PING,
  requestText,
  TEXT,
  WEBSOCKET,
} from "./intruder.js"
import { sieges } from "./siege.js"

const siege = sieges()

const many = (frame: Buffer, count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => frame))
const EMPTY = new Uint8Array()
const LIMITS = { frameBurst: 50, framesPerSecond: 0.001, messageBytes: 20_000, frameBytes: 20_000 }
const heartbeat = (payload: unknown): unknown[] => [null, "1", "phoenix", "heartbeat", payload]
const DEFLATE = "sec-websocket-extensions: permessage-deflate"

function packed(text: string): Buffer {
  const data = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })
  return clientFrame(TEXT, data.subarray(0, -4), { compressed: true })
}

const FLOODS: readonly [what: string, bytes: Buffer, code: number, limit: LimitName | undefined][] = [
  ["text of one byte", clientFrame(TEXT, "x"), 1011, undefined],
  ["bytes of one byte", clientFrame(BINARY, "x"), 1011, undefined],
  [
    "fragments of one byte",
    Buffer.concat([clientFrame(TEXT, "x", { fin: false }), many(clientFrame(CONTINUATION, "x", { fin: false }), 50)]),
    1008,
    "framesPerSecond",
  ],
  [
    "fragments of nothing",
    Buffer.concat([
      clientFrame(TEXT, EMPTY, { fin: false }),
      many(clientFrame(CONTINUATION, EMPTY, { fin: false }), 50),
    ]),
    1008,
    "framesPerSecond",
  ],
  [
    "fragments of more than may come",
    Buffer.concat([
      clientFrame(TEXT, "x".repeat(5000), { fin: false }),
      many(clientFrame(CONTINUATION, "x".repeat(5000), { fin: false }), 4),
    ]),
    1009,
    "messageBytes",
  ],
  ["a frame of more than may come", clientFrame(TEXT, "x".repeat(20_000)), 1009, "frameBytes"],
  ["a header of more than may come", Buffer.from("82ff7fffffffffffffff00000000", "hex"), 1009, "frameBytes"],
  ["pings", many(clientFrame(PING, "x".repeat(125)), 51), 1008, "framesPerSecond"],
  ["heartbeats", many(messageFrame(...heartbeat({})), 51), 1008, "framesPerSecond"],
  ["topics that nobody serves", many(messageFrame("1", "1", "nowhere", "event", {}), 51), 1008, "framesPerSecond"],
]

describe("frames that mean harm", () => {
  it.each(FLOODS)("%s: the connection ends, and the limit is counted", async (_, bytes, code, limit) => {
    const { enter, hits, endpoint, survived } = await siege({ limits: LIMITS })
    const intruder = await enter()
    intruder.send(bytes)
    await intruder.until(() => intruder.closeCode !== undefined)
    expect(intruder.closeCode).toBe(code)
    expect(hits).toEqual(limit === undefined ? [] : [limit])
    expect(endpoint.counters().rookery_frames_rejected_total).toBe(limit === undefined ? 1 : 0)
    await survived()
  })

  it("a flood is not read any further once its connection was closed", async () => {
    const { enter, endpoint, hits, survived } = await siege({ limits: LIMITS })
    const intruder = await enter()
    intruder.send(many(messageFrame(...heartbeat({})), 60))
    await intruder.until(() => intruder.closeCode !== undefined)
    intruder.send(many(messageFrame(...heartbeat({})), 60))
    await intruder.ended
    expect(endpoint.counters().rookery_frames_received_total).toBe(51)
    expect(hits).toEqual(["framesPerSecond"])
    await survived()
  })

  it("a compressed bomb ends its connection before it is inflated beyond the size of a message", async () => {
    const { enter, hits, survived } = await siege({ limits: LIMITS, compress: true })
    const intruder = await enter(WEBSOCKET, [DEFLATE])
    intruder.send(packed("x".repeat(10_000_000)))
    await intruder.until(() => intruder.closeCode !== undefined)
    expect(intruder.closeCode).toBe(1009)
    expect(hits).toEqual(["messageBytes"])
    await survived()
  })

  it("what a frame inflates to counts for as many frames as it would be worth", async () => {
    const { enter, hits, survived } = await siege({
      limits: { frameBurst: 10, framesPerSecond: 0.001 },
      compress: true,
    })
    const intruder = await enter(WEBSOCKET, [DEFLATE])
    // Each frame has about seven KiB of text in about a hundred bytes.
    intruder.send(many(packed(JSON.stringify(heartbeat("x".repeat(7000)))), 2))
    await intruder.until(() => intruder.closeCode !== undefined)
    expect(intruder.closeCode).toBe(1008)
    expect(hits).toEqual(["framesPerSecond"])
    await survived()
  })

  it("a session of long-poll has as many lines and requests as a websocket has frames", async () => {
    const { knock, hits, endpoint, survived } = await siege({ limits: { frameBurst: 20, framesPerSecond: 0.001 } })
    const ask = async (method: string, path: string, body = ""): Promise<string> => {
      const line = await knock()
      const headers = ["connection: close", "content-type: application/x-ndjson", `content-length: ${body.length}`]
      line.send(requestText(method, path, headers, body))
      await line.ended
      return line.head
    }
    const [, token] = /"token":"([^"]+)"/.exec(await ask("GET", LONGPOLL)) ?? []
    const path = `${LONGPOLL}&token=${token}`
    const lines = `${JSON.stringify(heartbeat({}))}\n`.repeat(15)
    expect(await ask("POST", path, lines)).toContain('"status":200')
    expect(await ask("POST", path, lines)).toContain('"status":410')
    expect(hits).toEqual(["framesPerSecond"])
    expect(endpoint.counters().rookery_sockets).toBe(1)
    expect(await ask("POST", path, lines)).toContain('"status":410')
    await survived()
  })
})

describe("a connection that the server has closed", () => {
  it("ends after its time, though frames still arrive", async () => {
    const { enter, survived } = await siege({ limits: { closeMs: 40 } })
    const intruder = await enter()
    intruder.send(clientFrame(TEXT, "x"))
    await intruder.until(() => intruder.closeCode !== undefined)
    const sending = setInterval(() => intruder.send(clientFrame(PING, "x")), 5)
    await intruder.ended
    clearInterval(sending)
    expect(intruder.closeCode).toBe(1011)
    await survived()
  })
})

describe("messages that never end", () => {
  it("end their connection after their time, though bytes still arrive", async () => {
    const { enter, hits, survived } = await siege({ limits: { messageMs: 40 } })
    const intruder = await enter()
    const frame = clientFrame(TEXT, "x".repeat(50_000))
    let at = 0
    const drip = setInterval(() => intruder.send(frame.subarray(at, ++at)), 5)
    await intruder.until(() => intruder.closeCode !== undefined)
    clearInterval(drip)
    expect(intruder.closeCode).toBe(1008)
    expect(hits).toEqual(["messageMs"])
    await survived()
  })

  it("end for those that hold the most, where all together hold too much", async () => {
    const { enter, hits, survived } = await siege({ limits: { heldBytes: 200_000 } })
    const [large, small] = [await enter(), await enter()]
    small.send(clientFrame(TEXT, "x".repeat(100_000)).subarray(0, -1))
    large.send(clientFrame(TEXT, "x".repeat(150_000)).subarray(0, -1))
    await large.ended
    expect(large.outcome).toMatch(/close 1013|cut/)
    expect(small.over).toBe(false)
    expect(hits).toEqual(["heldBytes"])
    await survived()
  })
})
