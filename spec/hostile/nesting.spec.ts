import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { json } from "../../lib/serializer/json.js"
import { jsonV1 } from "../../lib/serializer/json-v1.js"
import { readClusterFrame, writeClusterFrame } from "../../lib/server/pubsub/cluster-frame.js"
import { Endpoint } from "../../lib/server.js"
import { check } from "../support/arbitraries.js"
import { deepJson } from "./json-inputs.js"
import { DECODERS } from "./decoders.js"

const bad: unknown = expect.objectContaining({ code: "bad_frame" })
const v2 = (payload: string, topic = '"room:1"', event = '"echo"', joinRef = '"1"', ref = '"2"'): string =>
  `[${joinRef},${ref},${topic},${event},${payload}]`
const v1 = (payload: string, topic = '"room:1"', event = '"echo"', _joinRef = "", ref = '"1"'): string =>
  `{"topic":${topic},"event":${event},"payload":${payload},"ref":${ref}}`

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

describe("JSON of a client", () => {
  it("is read to the same depth as MessagePack, and no deeper", () => {
    for (const [codec, frame] of [
      [json().server, v2],
      [jsonV1().server, v1],
    ] as const) {
      for (const [open, close, middle] of [
        ["[", "]", ""],
        ['{"a":', "}", "1"],
      ] as const) {
        expect(codec.decode(frame(deepJson(511, open, close, middle)))).toBeDefined()
        expect(() => codec.decode(frame(deepJson(512, open, close, middle)))).toThrow(bad)
        expect(() => codec.decode(frame(deepJson(100_000, open, close, middle)))).toThrow(bad)
        expect(() => codec.decode(frame(open.repeat(100_000)))).toThrow(bad)
      }
    }
  })

  it("may have any brackets and any quotes in its texts, and as many lists side by side as it likes", () => {
    const { server } = json()
    for (const text of [
      "[".repeat(2000),
      '"['.repeat(2000),
      "\\[".repeat(2000),
      '\\"[{'.repeat(2000),
      "\\".repeat(2001),
    ]) {
      const payload = { [text]: [text, text] }
      expect(server.decode(JSON.stringify(["1", "2", "t", "e", payload])).payload).toEqual(payload)
    }
    expect(server.decode(v2(`[${"[[]],".repeat(5000)}0]`))).toBeDefined()
  })

  it("is measured right, whatever it is made of", () => {
    const { server } = json()
    const filler = "x".repeat(1100)
    // The nesting begins close to the limit, so that a little more or less decides.
    const deep = fc.tuple(fc.nat({ max: 6 }), fc.jsonValue({ maxDepth: 8 }), fc.string())
    check(deep, ([less, value, text]) => {
      const levels = 512 - less
      const payload = [text, filler, value]
      const frame = deepJson(levels, "[", "]", JSON.stringify(payload)).replace(/^\[/, '["1","2","t","e",')
      if (levels + depthOf(payload) <= 512) expect(server.decode(frame).topic).toBe("t")
      else expect(() => server.decode(frame)).toThrow(bad)
    })
  })
})

describe("an endpoint that is sent JSON of depth 100,000", () => {
  const DEEP = [deepJson(100_000), deepJson(100_000, '{"a":', "}", "1")]

  it.each([
    ["2.0.0", v2],
    ["1.0.0", v1],
  ])("JSON of depth 100,000 under version %s closes only its own connection", async (vsn, frame) => {
    const endpoint = new Endpoint({ logger: false })
    endpoint.channel("room:*", { receive: { echo: (payload: unknown) => payload } })
    const open = async () => {
      const seen: unknown[] = []
      const line = await endpoint.connectInProcess({
        params: { vsn },
        frame: (frame) => seen.push(JSON.parse(String(frame))),
        closed: (code) => seen.push(code),
      })
      line.send(frame("{}", '"room:1"', '"phx_join"', '"1"', '"1"'))
      await expect.poll(() => seen).toHaveLength(1)
      return { seen, line }
    }
    const good = await open()
    for (const deep of DEEP) {
      for (const parts of [
        [deep],
        ["{}", deep],
        ["{}", '"room:1"', deep],
        ["{}", undefined, undefined, undefined, deep],
      ]) {
        const other = await open()
        other.line.send(frame(parts[0] as string, ...parts.slice(1)))
        expect(other.seen.slice(1)).toEqual([1011])
      }
    }
    good.line.send(frame('{"still":1}'))
    await expect.poll(() => JSON.stringify(good.seen.slice(1))).toContain('{"status":"ok","response":{"still":1}}')
    expect(endpoint.counters().rookery_errors_total).toBe(0)
    await endpoint.close({ deadlineMs: 0 })
  })

  it("a gateway reports JSON of depth 100,000 as a bad frame", () => {
    const gateway = DECODERS.find(({ name }) => name === "frames of a gateway")
    for (const deep of DEEP) expect(gateway?.read(deep)).toBe("refused")
  })
})

describe("a broadcast to other nodes", () => {
  const broadcast = (payload: unknown, event = "e"): Uint8Array =>
    writeClusterFrame({ join_ref: null, ref: null, topic: "t", event, payload }, undefined)
  const unencodable: unknown = expect.objectContaining({ name: expect.stringContaining("unencodable") as string })

  it("a broadcast to other nodes with a circular payload or an overlong event says that it cannot be encoded", () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    expect(() => broadcast(circle)).toThrow(unencodable)
    expect(() => broadcast({}, "e".repeat(70_000))).toThrow(unencodable)
  })

  it("a broadcast from another node that is cut off anywhere is rejected", () => {
    const whole = broadcast({ a: 1 }, "an_event")
    expect(readClusterFrame(whole).event).toBe("an_event")
    for (let end = 0; end < 5 + "an_event".length; end++) {
      expect(() => readClusterFrame(whole.subarray(0, end))).toThrow(bad)
    }
  })
})
