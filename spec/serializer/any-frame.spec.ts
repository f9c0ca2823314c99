import { deepStrictEqual } from "node:assert"
import * as fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { BAD_FRAMES } from "../../fixtures/bad-frames.js"
import { FAMILIES } from "../../fixtures/families.js"
import { bytes, PUSH, VECTORS } from "../../fixtures/vectors.js"
import { SerializerError } from "../../lib/protocol/errors.js"
import { anyBytes, anyText, check, RUNS } from "../support/arbitraries.js"
import { readRecordings } from "../support/recordings.js"
import { SERIALIZERS } from "../support/serializers.js"

// The other serializers of MessagePack read as one of these two does.
const CODECS = Object.entries(SERIALIZERS)
  .filter(([name]) => name !== "msgpack-map" && name !== "msgpack-v2")
  .flatMap(([name, serializer]) => [
    [`${name}, the client`, serializer.client] as const,
    [`${name}, the server`, serializer.server] as const,
  ])

const PROTOTYPES = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
  Uint8Array.prototype,
]
const shapes = (): unknown => PROTOTYPES.map((prototype) => Object.entries(Object.getOwnPropertyDescriptors(prototype)))
const BEFORE = shapes()

afterEach(() => {
  deepStrictEqual(shapes(), BEFORE, "a prototype was touched")
})

/** Whether a codec decodes a frame or rejects it. Any exception but a `SerializerError` fails the test. */
function outcome(codec: (typeof CODECS)[number][1], frame: string | Uint8Array): "a message" | "none" {
  try {
    const parts = Object.keys(codec.decode(frame)).toSorted().join()
    return /^event,join_ref,(offset,)?payload,ref,topic$/.test(parts) ? "a message" : (parts as never)
  } catch (error) {
    if (error instanceof SerializerError && error.code === "bad_frame") return "none"
    throw error
  }
}
const OUTCOMES = ["a message", "none"]
const decodes = (codec: (typeof CODECS)[number][1], frame: string | Uint8Array): boolean =>
  outcome(codec, frame) === "a message"

/** A map of V1 up to its payload, with a text of bytes in it. */
const MAP = bytes(0x84, 0xa3, "ref", 0xc0, 0xa5, "topic", 0xa1, "r", 0xc4, 5, "event", 0xc4, 1, "e", 0xa7, "payload")

/** Begins as MessagePack does and goes on with what it is made of, so that more than the first byte is read. */
const likeMsgpack: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[0x80, 0x81, 0x82, 0x90, 0x91, 0x95, 0xa0, 0xa1, 0xa3, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8],
        ...[0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda],
        ...[
          0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xff, 0x72, 0x70, 0x65, 0x42, 0x62, 0x69, 0x73, 0x74, 0x78, 0x40, 0, 1, 2, 4, 8,
          12,
        ],
      ),
      fc.nat({ max: 255 }),
    ),
    { maxLength: 80, size: "max" },
  )
  .chain((rest) => fc.constantFrom(PUSH, MAP, bytes()).map((begin) => bytes(begin, ...rest)))

/** The frames that went over the wire, the vectors, and the bad ones: the longest left out, for the time they take. */
const FRAMES: readonly (string | Uint8Array)[] = [
  ...readRecordings()
    .flatMap(({ frames }) => frames)
    .filter(({ kind }) => kind === "text" || kind === "binary")
    .map(({ kind, data = "" }) => (kind === "text" ? data : bytes(Buffer.from(data, "base64")))),
  ...VECTORS.map(({ frame }) => frame),
  ...FAMILIES.flatMap(({ fromClient, fromServer }) => [...fromClient, ...fromServer]).map(({ frame }) => frame),
  ...BAD_FRAMES.map(({ frame }) => frame),
].filter((frame) => frame.length < 1000)

/** A frame with a few places cut, doubled or changed. */
const mutated: fc.Arbitrary<string | Uint8Array> = fc
  .tuple(
    fc.constantFrom(...FRAMES),
    fc.array(
      fc.tuple(fc.nat(), fc.nat({ max: 6 }), fc.constantFrom("set", "cut", "double", "end"), fc.nat({ max: 255 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  )
  .map(([frame, changes]) => {
    const text = typeof frame === "string"
    let all = text ? [...Buffer.from(frame)] : [...frame]
    for (const [where, length, how, byte] of changes) {
      const at = where % (all.length + 1)
      if (how === "set") all[at] = text ? byte % 0x80 : byte
      else if (how === "cut") all.splice(at, length)
      else if (how === "double") all.splice(at, 0, ...all.slice(at, at + length))
      else all = all.slice(0, at)
    }
    return text ? Buffer.from(all).toString() : Uint8Array.from(all)
  })

describe.each(CODECS)("%s", (_, codec) => {
  it("takes any bytes for a message or for none", () => {
    check(anyBytes, (frame) => expect(OUTCOMES).toContain(outcome(codec, frame)))
  })

  it("takes any text for a message or for none", () => {
    const text = fc.oneof(
      anyText,
      fc.json({ maxDepth: 3 }),
      fc.json().map((json) => `["1","2","t","e",${json}]`),
    )
    check(text, (frame) => expect(OUTCOMES).toContain(outcome(codec, frame)))
  })

  it("takes bytes like those of MessagePack for a message or for none", () => {
    check(likeMsgpack, (frame) => expect(OUTCOMES).toContain(outcome(codec, frame)))
  })

  it("takes real frames that were tampered with for a message or for none", () => {
    check(mutated, (frame) => expect(OUTCOMES).toContain(outcome(codec, frame)), RUNS * 3)
  })

  it("reads the next frame as ever after a bad one", () => {
    const good = FRAMES.filter((frame) => decodes(codec, frame))
    const before = good.map((frame) => JSON.stringify(codec.decode(frame)))
    check(fc.tuple(fc.oneof(mutated, likeMsgpack), fc.nat({ max: good.length - 1 })), ([bad, i]) => {
      decodes(codec, bad)
      expect(JSON.stringify(codec.decode(good[i] as string))).toBe(before[i])
    })
  })
})

describe("msgpack", () => {
  const MEBIBYTE = 1 << 20
  const nils = (count: number): Uint8Array => new Uint8Array(count).fill(0xc0)
  const header = (type: number, length: number): number[] => [
    type,
    length >>> 24,
    (length >> 16) & 255,
    (length >> 8) & 255,
    length & 255,
  ]
  const repeat = (count: number, ...part: number[]): Uint8Array =>
    bytes(...Array<Uint8Array>(count).fill(bytes(...part)))

  const BOMBS: [string, Uint8Array][] = [
    ["a list of all that could follow", bytes(PUSH, ...header(0xdd, 0xffff_ffff))],
    ["a list of sixty million", bytes(PUSH, ...header(0xdd, 60_000_000), nils(1000))],
    ["a map of sixty million", bytes(PUSH, ...header(0xdf, 60_000_000), nils(1000))],
    ["a text of a gibibyte", bytes(PUSH, ...header(0xdb, 1 << 30), nils(1000))],
    ["bytes of a gibibyte", bytes(PUSH, ...header(0xc6, 1 << 30), nils(1000))],
    ["an extension of a gibibyte", bytes(PUSH, ...header(0xc9, 1 << 30), 0xff, nils(1000))],
    // Each promise alone could be kept by the mebibyte that follows; all of them would be half a billion values.
    ["five hundred lists of a million, nested", bytes(PUSH, repeat(500, ...header(0xdd, MEBIBYTE)), nils(MEBIBYTE))],
    [
      "five hundred maps of half a million, nested",
      bytes(PUSH, repeat(500, ...header(0xdf, MEBIBYTE / 2), 0xa0), nils(MEBIBYTE)),
    ],
    ["a hundred thousand lists, nested", bytes(PUSH, repeat(100_000, 0x91), 0xc0)],
    ["a hundred thousand maps, nested", bytes(PUSH, repeat(100_000, 0x81, 0xa0), 0xc0)],
    ["a hundred thousand maps as keys, nested", bytes(PUSH, repeat(100_000, 0x81), 0xc0)],
  ]

  it.each(BOMBS)("refuses %s without making room for it", (_name, frame) => {
    for (const end of ["client", "server"] as const) {
      const before = process.memoryUsage()
      expect(() => SERIALIZERS.msgpack[end].decode(frame)).toThrow(SerializerError)
      const after = process.memoryUsage()
      const taken = after.heapUsed - before.heapUsed + after.external - before.external
      expect(taken).toBeLessThan(32 * MEBIBYTE)
    }
  })

  it("reads what is as deep as it may be, and refuses one level more", () => {
    // The array of five is a level of its own.
    const { server } = SERIALIZERS.msgpack
    expect(decodes(server, bytes(PUSH, repeat(511, 0x91), 0xc0))).toBe(true)
    expect(decodes(server, bytes(PUSH, repeat(512, 0x91), 0xc0))).toBe(false)
    expect(decodes(server, bytes(PUSH, repeat(511, 0x91), 0x90))).toBe(true)
  })

  it("refuses every extension but a timestamp of four, eight or twelve bytes", () => {
    const { client, server } = SERIALIZERS.msgpack
    const passed: string[] = []
    const send = (type: number, size: number, frame: Uint8Array): void => {
      const label = `${frame[PUSH.length]?.toString(16)}: ${size} bytes of type ${type}`
      for (const codec of [client, server]) if (decodes(codec, frame)) passed.push(label)
    }
    for (let type = 0; type < 256; type++) {
      for (const [i, size] of [1, 2, 4, 8, 16].entries())
        send(type, size, bytes(PUSH, 0xd4 + i, type, new Uint8Array(size)))
      for (let size = 0; size < 20; size++) {
        const data = new Uint8Array(size)
        send(type, size, bytes(PUSH, 0xc7, size, type, data))
        send(type, size, bytes(PUSH, 0xc8, 0, size, type, data))
        send(type, size, bytes(PUSH, 0xc9, 0, 0, 0, size, type, data))
      }
    }
    const timestamps = [
      "d6: 4",
      "d7: 8",
      ...["c7", "c8", "c9"].flatMap((form) => [4, 8, 12].map((n) => `${form}: ${n}`)),
    ]
    // Each by both ends.
    const expected = [...timestamps, ...timestamps].map((timestamp) => `${timestamp} bytes of type 255`)
    expect(passed.toSorted()).toEqual(expected.toSorted())
  })
})
