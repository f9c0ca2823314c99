import { SERIALIZERS, type SerializerName } from "./serializers.js"
import type { IncomingFrame } from "../../lib/protocol/frame.js"
import type { Message } from "../../lib/protocol/message.js"

/** A shape of payload that takes much more memory decoded than on the wire, when it is repeated `count` times. */
export interface HeavyShape {
  readonly name: string
  readonly serializer: SerializerName
  /** The number of repeats that weigh some megabytes. */
  readonly count: number
  frame(count: number): IncomingFrame
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const base36 = (value: number): string => value.toString(36)

/** The permutation of the letters with this number. */
function inOrder(letters: string, order: number): string[] {
  const left = [...letters]
  let rest = order
  return [...letters].map(() => {
    const at = rest % left.length
    rest = Math.floor(rest / left.length)
    return left.splice(at, 1)[0] as string
  })
}

type Text = (count: number) => string
const list =
  (element: string | ((index: number) => string)): Text =>
  (count) =>
    `[${range(count).map(typeof element === "string" ? () => element : element)}]`
const map =
  (entry: (index: number) => string): Text =>
  (count) =>
    `{${range(count).map(entry)}}`

const JSON_SHAPES: readonly [name: string, count: number, payload: Text][] = [
  ["empty maps", 60_000, list("{}")],
  ["empty lists", 100_000, list("[]")],
  ["lists of one", 60_000, list("[1]")],
  ["pairs of numbers", 50_000, list("[1,2]")],
  ["small numbers", 500_000, list("1")],
  ["doubles", 500_000, list("1.5")],
  ["doubles among others", 200_000, list((index) => (index % 2 ? "1.5" : "null"))],
  ["nulls", 500_000, list("null")],
  ["empty strings", 400_000, list('""')],
  ["the same short string", 400_000, list('"online"')],
  ["different short strings", 100_000, list((index) => JSON.stringify(base36(index).padStart(5, "x")))],
  ["different long strings", 80_000, list((index) => JSON.stringify(base36(index).padStart(24, "x")))],
  ["strings of two bytes a character", 60_000, list((index) => JSON.stringify(`é€${base36(index)}`))],
  ["one long string", 4_000_000, (count) => JSON.stringify("x".repeat(count))],
  ["one long string of two bytes a character", 2_000_000, (count) => JSON.stringify("€".repeat(count))],
  ["maps of one key", 60_000, list('{"a":1}')],
  ["records", 40_000, list('{"id":1,"name":"bob","x":1.5,"y":2,"z":null}')],
  ["a map of many keys", 50_000, map((index) => `"k${base36(index)}":1`)],
  ["maps of a key each of its own", 20_000, list((index) => `{"${base36(index + 36)}":1}`)],
  [
    "maps of the same keys in other orders",
    20_000,
    list((index) => `{${inOrder("abcdefgh", index * 2).map((key) => `"${key}":1`)}}`),
  ],
  ["maps of a small index", 15_000, list('{"30":1}')],
  ["maps of a large index", 20_000, list('{"1000":1}')],
  ["a map of indexes", 200_000, map((index) => `"${index}":1`)],
  ["a map of indexes far apart", 60_000, map((index) => `"${index * 50_000}":1`)],
  ["lists in lists", 200, list(`${"[".repeat(400)}${"]".repeat(400)}`)],
  ["maps in maps", 200, list(`${'{"a":'.repeat(400)}1${"}".repeat(400)}`)],
]

type Bytes = (index: number) => readonly number[]
const text = (value: string): number[] => [0xa0 + Buffer.byteLength(value), ...Buffer.from(value)]
const uint32 = (value: number): number[] => [0xce, ...[24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff)]

const MSGPACK_SHAPES: readonly [name: string, count: number, element: Bytes, isMap?: boolean][] = [
  ["empty maps", 60_000, () => [0x80]],
  ["empty lists", 100_000, () => [0x90]],
  ["lists of one", 60_000, () => [0x91, 1]],
  ["nils", 500_000, () => [0xc0]],
  ["small numbers", 500_000, () => [1]],
  ["doubles", 150_000, () => [0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 1]],
  ["floats", 150_000, () => [0xca, 0x3f, 0xc0, 0, 0]],
  ["large integers", 150_000, () => [0xd3, 0x3f, 0xf8, 0, 0, 0, 0, 0, 1]],
  ["empty strings", 400_000, () => [0xa0]],
  ["the same short string", 100_000, () => text("online")],
  ["different short strings", 100_000, (index) => text(base36(index).padStart(5, "x"))],
  ["different long strings", 60_000, (index) => text(base36(index).padStart(28, "x"))],
  ["strings of two bytes a character", 60_000, (index) => text(`€${base36(index)}`)],
  ["empty bytes", 30_000, () => [0xc4, 0]],
  ["single bytes", 30_000, () => [0xc4, 1, 1]],
  ["timestamps", 30_000, () => [0xd6, 0xff, 0, 0, 0, 1]],
  ["maps of one key", 60_000, () => [0x81, ...text("a"), 1]],
  [
    "records",
    30_000,
    () => [0x84, ...text("id"), 1, ...text("name"), ...text("robert"), ...text("x"), 2, ...text("y"), 0xc0],
  ],
  ["a map of many keys", 50_000, (index) => [...text(`k${base36(index)}`), 1], true],
  ["maps of a key each of its own", 15_000, (index) => [0x81, ...text(base36(index + 36)), 1]],
  ["maps of the key nil", 60_000, () => [0x81, 0xc0, 1]],
  ["maps of a small index", 10_000, () => [0x81, 30, 1]],
  ["maps of the largest index that V8 makes room for", 400, () => [0x81, 0xcd, 0x03, 0xff, 1]],
  ["maps of the same index as text", 400, () => [0x81, ...text("1023"), 1]],
  ["maps of the same index as a double", 400, () => [0x81, 0xcb, 0x40, 0x8f, 0xf8, 0, 0, 0, 0, 0, 1]],
  ["maps of two large indexes", 200, () => [0x82, 0xcd, 0x03, 0xff, 1, 0xcd, 0x09, 0xc4, 1]],
  ["maps of a larger index", 20_000, () => [0x81, 0xcd, 0x10, 0x00, 1]],
  ["a map of indexes", 200_000, (index) => [...uint32(index), 1], true],
  ["a map of indexes far apart", 60_000, (index) => [...uint32(index * 50_000), 1], true],
  ["lists in lists", 200, () => [...Array.from({ length: 400 }, () => 0x91), 1]],
  ["maps in maps", 200, () => [...Array.from({ length: 400 }, () => [0x81, ...text("a")]).flat(), 1]],
]

const MESSAGE = [..."12te"].flatMap((part) => text(part))

function msgpackFrame(count: number, element: Bytes, isMap: boolean | undefined): Uint8Array {
  const parts = [Buffer.from([0x95, ...MESSAGE, isMap ? 0xdf : 0xdd, ...uint32(count).slice(1)])]
  for (let index = 0; index < count; index++) parts.push(Buffer.from(element(index)))
  // A copy has a buffer of its own; a small one from the pool would share its buffer.
  return new Uint8Array(Buffer.concat(parts))
}

/** The shapes of payload that weigh the most per byte on the wire. */
export const HEAVY_SHAPES: readonly HeavyShape[] = [
  ...JSON_SHAPES.flatMap(([name, count, payload]): HeavyShape[] => [
    { name, count, serializer: "json", frame: (n) => `["1","2","t","e",${payload(n)}]` },
    { name, count, serializer: "json-v1", frame: (n) => `{"topic":"t","event":"e","ref":"2","payload":${payload(n)}}` },
  ]),
  ...MSGPACK_SHAPES.map(([name, count, element, isMap]): HeavyShape => ({
    name,
    count,
    serializer: "msgpack",
    frame: (n) => msgpackFrame(n, element, isMap),
  })),
  {
    name: "a push of bytes",
    count: 2_000_000,
    serializer: "json",
    frame: bytesPush,
  },
]

function bytesPush(count: number): Uint8Array {
  const frame = new Uint8Array(9 + count)
  frame.set([0, 1, 1, 1, 1, ...Buffer.from("12te")])
  return frame
}

/** A frame of a shape as the server reads it. */
export const decodeShape = ({ serializer }: HeavyShape, frame: IncomingFrame): Message =>
  SERIALIZERS[serializer].server.decode(frame)
