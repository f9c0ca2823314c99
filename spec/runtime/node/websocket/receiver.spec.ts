import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ProtocolViolation, WebSocketReceiver } from "../../../../lib/runtime/node/websocket/receiver.js"

type Seen = [kind: string, data: unknown]

function masked(first: number, payload: Uint8Array, mask = [1, 2, 3, 4]): Buffer {
  const { length } = payload
  const header =
    length < 126
      ? [first, 0x80 | length]
      : length < 65_536
        ? [first, 0xfe, length >> 8, length & 0xff]
        : [first, 0xff, 0, 0, 0, 0, (length >> 24) & 0xff, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]
  const data = payload.map((byte, at) => byte ^ (mask[at % 4] as number))
  return Buffer.concat([Buffer.from(header), Buffer.from(mask), data])
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

interface Made {
  readonly made: WebSocketReceiver
  readonly seen: Seen[]
  push(bytes: Buffer): void
}

function receiver(frameBytes = 1_000_000, messageBytes = 1_000_000): Made {
  const seen: Seen[] = []
  const made = new WebSocketReceiver(
    { frameBytes, messageBytes },
    {
      message: (data) =>
        void seen.push(typeof data === "string" ? ["text", data] : ["bytes", Buffer.from(data).toString("hex")]),
      ping: (data) => void seen.push(["ping", data.toString()]),
      closed: (code) => void seen.push(["close", code]),
    },
  )
  return { made, seen, push: (bytes) => void made.push(bytes) }
}

function violationOf(act: () => void): number | undefined {
  try {
    act()
  } catch (error) {
    return error instanceof ProtocolViolation ? error.closeCode : Number.NaN
  }
  return undefined
}

describe("a receiver that is not to read too much in one go", () => {
  const frames = Buffer.concat([
    masked(0x81, text("one")),
    masked(0x81, text("two")),
    masked(0x01, text("thr")),
    masked(0x80, text("ee")),
    masked(0x81, text("four")),
  ])
  const paced = (
    shouldYield: (frames: number) => boolean,
    allowFrame = (): boolean => true,
  ): [WebSocketReceiver, string[]] => {
    const seen: string[] = []
    const made = new WebSocketReceiver(
      { frameBytes: 1000, messageBytes: 1000 },
      { message: (data) => void seen.push(String(data)), ping() {}, closed() {} },
      { shouldYield, allowFrame },
    )
    return [made, seen]
  }

  it("reads control frames between fragments in their order, though it pauses behind every frame", () => {
    const seen: Seen[] = []
    const made = new WebSocketReceiver(
      { frameBytes: 1000, messageBytes: 1000 },
      {
        message: (data) => void seen.push(["text", data]),
        ping: (data) => void seen.push(["ping", String(data)]),
        closed: (code) => void seen.push(["close", code]),
      },
      { shouldYield: () => true, allowFrame: () => true },
    )
    const between = [masked(0x01, text("thr")), masked(0x89, text("1")), masked(0x80, text("ee"))]
    const after = [masked(0x89, text("2")), masked(0x88, Buffer.from([0x03, 0xe8])), masked(0x81, text("late"))]
    let waits = made.push(Buffer.concat([...between, ...after]))
    while (waits) waits = made.resume()
    expect(seen).toEqual([
      ["ping", "1"],
      ["text", "three"],
      ["ping", "2"],
      ["close", 1000],
    ])
    expect([made.paused, made.unfinished]).toEqual([false, 0])
  })

  it("reads nothing but the close frame once it is told to expect one", () => {
    const { seen, push, made } = receiver()
    push(masked(0x01, new Uint8Array(500)))
    made.expectClose()
    expect(made.unfinished).toBe(0)
    push(Buffer.concat([masked(0x80, Buffer.from([0xff])), masked(0x81, text("late")), masked(0x01, text("late"))]))
    expect(made.unfinished).toBe(0)
    push(masked(0x88, Buffer.from([0x0f, 0xa0])))
    expect(seen).toEqual([["close", 4000]])
  })

  it("says that something waits, and reads it when it goes on", () => {
    const [made, seen] = paced((read) => read === 2)
    expect(made.push(Buffer.from(frames))).toBe(true)
    expect(seen).toEqual(["one", "two"])
    expect(made.resume()).toBe(true)
    expect(seen).toEqual(["one", "two", "three"])
    expect(made.resume()).toBe(false)
    expect(seen).toEqual(["one", "two", "three", "four"])
    expect([made.resume(), made.unfinished, made.messages]).toEqual([false, 0, 4])
  })

  it("keeps what comes meanwhile behind what waits", () => {
    const [made, seen] = paced(() => true)
    expect(made.push(Buffer.from(frames.subarray(0, 30)))).toBe(true)
    expect(made.push(Buffer.from(frames.subarray(30)))).toBe(true)
    expect(seen).toEqual(["one"])
    while (made.resume());
    expect(seen).toEqual(["one", "two", "three", "four"])
  })

  it("a receiver fails the connection at the first frame over the rate", () => {
    let left = 2
    const [made, seen] = paced(
      () => false,
      () => left-- > 0,
    )
    expect(violationOf(() => made.push(Buffer.from(frames)))).toBe(1008)
    expect(seen).toEqual(["one", "two"])
  })

  it("keeps nothing once it was stopped", () => {
    const [made, seen] = paced(() => true)
    made.push(Buffer.from(frames))
    made.stop()
    expect([made.resume(), made.push(Buffer.from(frames)), made.unfinished]).toEqual([false, false, 0])
    expect(seen).toEqual(["one"])
  })
})

describe("a receiver", () => {
  it("makes the same messages of the same bytes, however they are cut", () => {
    const frames = Buffer.concat([
      masked(0x81, text("žluť 🐎")),
      masked(0x89, text("ping")),
      masked(0x01, text("frag")),
      masked(0x89, text("between")),
      masked(0x00, text("")),
      masked(0x80, text("ments")),
      masked(0x82, new Uint8Array(300).fill(7)),
      masked(0x82, new Uint8Array(70_000).fill(8)),
      masked(0x81, text("")),
      masked(0x88, Buffer.from([0x03, 0xe8])),
    ])
    const whole = receiver()
    whole.push(Buffer.from(frames))
    expect(whole.seen.map(([kind]) => kind)).toEqual([
      "text",
      "ping",
      "ping",
      "text",
      "bytes",
      "bytes",
      "text",
      "close",
    ])
    expect(whole.seen[3]).toEqual(["text", "fragments"])
    const cut = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(cut, (sizes) => {
        const pieces = receiver()
        for (let at = 0, i = 0; at < frames.length; i++) {
          const size = sizes[i % sizes.length] as number
          // A copy, because the mask is taken off in place.
          pieces.push(Buffer.from(frames.subarray(at, at + size)))
          at += size
        }
        expect(pieces.seen).toEqual(whole.seen)
      }),
      { numRuns: 30 },
    )
  })

  it.each([
    ["no mask", Buffer.from([0x81, 0x00]), 1002],
    ["a reserved bit", masked(0xa1, text("a")), 1002],
    ["compression that was not agreed on", masked(0xc1, text("a")), 1002],
    ["an unknown opcode", masked(0x83, text("a")), 1002],
    ["an unknown control opcode", masked(0x8b, text("a")), 1002],
    ["a ping in fragments", masked(0x09, text("a")), 1002],
    ["a ping that is too long", masked(0x89, new Uint8Array(126)), 1002],
    ["a continuation of nothing", masked(0x80, text("a")), 1002],
    ["a message within another", Buffer.concat([masked(0x01, text("a")), masked(0x81, text("b"))]), 1002],
    ["a close of one byte", masked(0x88, Buffer.from([3])), 1002],
    ["a close with 1005", masked(0x88, Buffer.from([0x03, 0xed])), 1002],
    ["a close with 999", masked(0x88, Buffer.from([0x03, 0xe7])), 1002],
    ["a close whose reason is not UTF-8", masked(0x88, Buffer.from([0x03, 0xe8, 0xff])), 1007],
    ["text that is not UTF-8", masked(0x81, Buffer.from([0xff])), 1007],
    [
      "text that is not UTF-8 in fragments",
      Buffer.concat([masked(0x01, Buffer.from([0xc5])), masked(0x80, text("a"))]),
      1007,
    ],
    [
      "a length of many digits",
      Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
      1009,
    ],
  ])("refuses %s", (_, bytes, code) => {
    expect(violationOf(() => receiver().push(bytes))).toBe(code)
  })

  it("counts the header of a frame, as Phoenix's server does", () => {
    expect(violationOf(() => receiver(1000).push(masked(0x81, new Uint8Array(992))))).toBeUndefined()
    expect(violationOf(() => receiver(1000).push(masked(0x81, new Uint8Array(993))))).toBe(1009)
  })

  it("takes a character that is cut by fragments", () => {
    const { seen, push } = receiver()
    const [a, b] = text("ž")
    push(masked(0x01, Uint8Array.of(a as number)))
    push(masked(0x80, Uint8Array.of(b as number)))
    expect(seen).toEqual([["text", "ž"]])
  })
})
