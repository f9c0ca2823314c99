import { SerializerError } from "../protocol/errors.js"
import { FEW_KEYS, MapKeys } from "./map-keys.js"
import { MAX_DEPTH } from "./nesting.js"
import { tooHeavy } from "./too-heavy.js"

const bad = (what: string, at: number): SerializerError => new SerializerError("bad_frame", what, at)

function readLength(bytes: Uint8Array, at: number, size: number): number {
  if (at + size > bytes.length) throw bad("the frame ends within a length", bytes.length)
  let length = 0
  for (const end = at + size; at < end; at++) length = length * 256 + (bytes[at] as number)
  return length
}

// The bytes that follow each type byte from 0xc0 to 0xdf. The low bits are a number of bytes: those of the value itself,
// or those of the length that the other flags count.
const REFUSED = 0x80
const BYTES = 0x10
const EXTENSION = 0x20
const ARRAY = 0x40
const MAP = 0x50
const SHAPE = 0x70
const SIZE = 0x0f

const FOLLOWS = /* @__PURE__ */ Uint8Array.of(
  ...[0, REFUSED, 0, 0], // nil, never used, booleans
  ...[BYTES | 1, BYTES | 2, BYTES | 4], // bin
  ...[EXTENSION | 1, EXTENSION | 2, EXTENSION | 4], // ext
  ...[4, 8], // floats
  ...[1, 2, 4, 8, 1, 2, 4, 8], // integers
  ...[REFUSED, REFUSED, EXTENSION, EXTENSION, REFUSED], // fixext: only those of 4 and 8 can be a timestamp
  ...[BYTES | 1, BYTES | 2, BYTES | 4], // str
  ...[ARRAY | 2, ARRAY | 4, MAP | 2, MAP | 4],
)
const FIXEXT_8 = 0xd7
const STR = 0xd9
/** Maps each type of bytes to the type of text with the same length field. */
const BIN_TO_STR = STR - 0xc4

// Bytes of memory of a value without its contents: at least half and at most twice of the memory that V8 takes, as the
// weight of a decoded message is measured.
const SCALAR = 16
const CONTAINER = 48
const OBJECT = 96

/**
 * Walks a MessagePack value without decoding it, and throws unless it is complete, alone in the frame, not nested too
 * deep, made of plain types, and no heavier in memory than `maxWeight`. A value that passes is safe to decode: no
 * header announces more than follows, and clients cannot call the decoder's own extensions (records, references,
 * errors, regular expressions). Timestamps, the only extension in the specification, pass.
 *
 * Returns the bytes to decode: these, or a copy whose maps have text for keys, because some encoders write all text as
 * bytes, and the decoder does not accept bytes as keys.
 */
export function scanMsgpack(bytes: Uint8Array, maxWeight: number = Infinity): Uint8Array {
  const end = bytes.length
  // Created for the first key that needs it: most messages are small, and their keys are names.
  let keys = end > FEW_KEYS ? new MapKeys(bytes) : undefined
  // The number of values that remain at each level: negative for a map, and even if a key comes next. Created at the
  // first nested value: most frames end with a flat map.
  const pending: number[] = []
  let left = 1
  let at = 0
  let weight = 0
  let withTextKeys: Uint8Array | undefined

  for (;;) {
    while (left === 0) {
      keys?.closeMap(pending.length)
      const outer = pending.pop()
      if (outer === undefined) {
        if (at !== end) throw bad("bytes after the end of the value", at)
        if (weight + (keys?.weight ?? 0) > maxWeight) throw tooHeavy(maxWeight)
        return withTextKeys ?? bytes
      }
      left = outer
    }
    if (at === end) throw bad(end === 0 ? "an empty frame" : "the frame ends where a value should begin", at)
    const type = bytes[at++] as number
    let isKey = false
    if (left > 0) left--
    else isKey = (left++ & 1) === 0
    if (type < 0x80 || type >= 0xe0) {
      if (isKey && type < 0x80) (keys ??= new MapKeys(bytes)).addIndex(type, pending.length)
      continue
    }
    let skip = 0
    let values = 0
    let isMap = false
    let own = SCALAR
    if (type < 0x90) {
      values = 2 * (type & 0x0f)
      isMap = true
      own = CONTAINER
    } else if (type < 0xa0) {
      values = type & 0x0f
      own = CONTAINER
    } else if (type < 0xc0) skip = type & 0x1f
    else {
      const follows = FOLLOWS[type - 0xc0] as number
      if (follows === REFUSED) throw bad(`no value begins with 0x${type.toString(16)}`, at - 1)
      const size = follows & SIZE
      const shape = follows & SHAPE
      if (shape === 0) skip = size
      else {
        const length = size === 0 ? (type === FIXEXT_8 ? 8 : 4) : readLength(bytes, at, size)
        at += size
        if (shape === BYTES) {
          skip = length
          if (type < STR) {
            own = OBJECT
            // Not `slice`, which in Node's Buffer returns a view of the same bytes.
            if (isKey) (withTextKeys ??= new Uint8Array(bytes))[at - size - 1] = type + BIN_TO_STR
          }
        } else if (shape === EXTENSION) {
          skip = 1 + length
          own = OBJECT
          checkTimestamp(bytes[at], length, at)
        } else {
          isMap = shape === MAP
          values = isMap ? 2 * length : length
          own = CONTAINER
        }
      }
    }
    if (skip > end - at) throw bad("a value promises more bytes than the frame has", at)
    if (!isKey) weight += own === SCALAR ? (skip < 2 ? 0 : SCALAR + skip) : own
    else if (keys !== undefined || mayBeIndex(type, bytes[at]))
      (keys ??= new MapKeys(bytes)).add(type, at, skip, pending.length)
    at += skip
    if (values === 0) continue
    if (values > end - at) throw bad("a value promises more elements than the frame has", at)
    if (pending.length === MAX_DEPTH) throw bad(`nested deeper than ${MAX_DEPTH}`, at)
    weight += isMap ? 4 * values : 8 * values
    if (weight + (keys?.weight ?? 0) > maxWeight) throw tooHeavy(maxWeight)
    pending.push(left)
    left = isMap ? -values : values
  }
}

/** Whether a key is a number, or text that begins with a digit. */
const mayBeIndex = (type: number, first: number | undefined): boolean =>
  (type >= 0xca && type < STR) || (first !== undefined && first >= 0x30 && first <= 0x39)

function checkTimestamp(type: number | undefined, length: number, at: number): void {
  if (type === undefined) throw bad("the frame ends within an extension", at)
  if (type !== 0xff) throw bad(`an extension of type ${type}`, at)
  if (length !== 4 && length !== 8 && length !== 12) throw bad(`a timestamp of ${length} bytes`, at)
}
