import { bytes, PUSH } from "../../fixtures/vectors.js"
import type { Input } from "./inputs.js"
import { deepJson } from "./json-inputs.js"

const MEBIBYTE = 1 << 20
const DEEP = 100_000

const nils = (count: number): Uint8Array => new Uint8Array(count).fill(0xc0)

/** A header with a length of four bytes. */
const header = (type: number, length: number): number[] => [
  type,
  length >>> 24,
  (length >> 16) & 255,
  (length >> 8) & 255,
  length & 255,
]

function repeat(count: number, ...part: number[]): Uint8Array {
  const all = new Uint8Array(count * part.length)
  for (let at = 0; at < all.length; at += part.length) all.set(part, at)
  return all
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const msgpack = (...rest: (number | Uint8Array)[]): Uint8Array =>
  concat(PUSH, ...rest.map((part) => (typeof part === "number" ? bytes(part) : part)))

const v2 = (payload: string, topic = '"room:1"', ref = '"2"'): string => `["1",${ref},${topic},"e",${payload}]`
const v1 = (payload: string): string => `{"topic":"room:1","event":"e","ref":"2","payload":${payload}}`

/** Small inputs that try to cost much, by name. None is larger than a few mebibytes. */
export const BOMBS: readonly (readonly [name: string, input: Input])[] = [
  ["MessagePack: a list of all that could follow", msgpack(...header(0xdd, 0xffff_ffff))],
  ["MessagePack: a list of sixty million", msgpack(...header(0xdd, 60_000_000), nils(1000))],
  ["MessagePack: a map of sixty million", msgpack(...header(0xdf, 60_000_000), nils(1000))],
  ["MessagePack: a text of a gibibyte", msgpack(...header(0xdb, 1 << 30), nils(1000))],
  ["MessagePack: bytes of a gibibyte", msgpack(...header(0xc6, 1 << 30), nils(1000))],
  ["MessagePack: an extension of a gibibyte", msgpack(...header(0xc9, 1 << 30), 0xff, nils(1000))],
  [
    "MessagePack: five hundred lists of a million, nested",
    msgpack(repeat(500, ...header(0xdd, MEBIBYTE)), nils(MEBIBYTE)),
  ],
  ["MessagePack: lists, 100,000 deep", msgpack(repeat(DEEP, 0x91), 0xc0)],
  ["MessagePack: maps, 100,000 deep", msgpack(repeat(DEEP, 0x81, 0xa0), 0xc0)],
  ["MessagePack: maps as keys, 100,000 deep", msgpack(repeat(DEEP, 0x81), 0xc0)],
  ["MessagePack: lists as keys, 500 deep", msgpack(0x81, repeat(500, 0x91), 0xc0, 0xc0)],
  ["MessagePack: a mebibyte of nil", msgpack(...header(0xdd, MEBIBYTE), nils(MEBIBYTE))],
  ["MessagePack: a million empty maps", msgpack(...header(0xdd, MEBIBYTE), new Uint8Array(MEBIBYTE).fill(0x80))],
  ["MessagePack: a million times the same key", msgpack(...header(0xdf, MEBIBYTE), repeat(MEBIBYTE, 0xa1, 0x61, 0xc0))],
  ["MessagePack: lists as keys, 300,000", msgpack(...header(0xdf, 300_000), repeat(300_000, 0x91, 0x90, 0xc0))],
  ["MessagePack: timestamps of the end of time", msgpack(0xc7, 12, 0xff, repeat(12, 0xff))],
  ["MessagePack: a text that is not UTF-8", msgpack(0xa4, 0xff, 0xfe, 0xc0, 0x80)],
  ["JSON: lists, 100,000 deep", v2(deepJson(DEEP))],
  ["JSON: maps, 100,000 deep", v2(deepJson(DEEP, '{"a":', "}", "1"))],
  ["JSON: maps under __proto__, 100,000 deep", v2(deepJson(DEEP, '{"__proto__":', "}", "1"))],
  ["JSON: lists, 100,000 deep, with half a surrogate pair", v2(deepJson(DEEP, "[", "]", String.raw`"\ud800"`))],
  ["JSON: lists, 100,000 deep and never closed", v2("[".repeat(DEEP))],
  ["JSON: a topic, 100,000 deep", v2("{}", deepJson(DEEP))],
  ["JSON: a ref, 100,000 deep", v2("{}", '"room:1"', deepJson(DEEP))],
  ["JSON V1: maps, 100,000 deep", v1(deepJson(DEEP, '{"a":', "}", "1"))],
  ["JSON: a mebibyte of digits", v2("9".repeat(MEBIBYTE))],
  ["JSON: a mebibyte of escapes", v2(`"${String.raw`\ud83d\ude00`.repeat(MEBIBYTE / 12)}"`)],
  ["JSON: 50,000 keys", v2(`{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":0`).join()}}`)],
  [
    "JSON: 50,000 keys that are numbers",
    v2(`{${Array.from({ length: 50_000 }, (_, i) => `"${i * 40_000}":0`).join()}}`),
  ],
  ["JSON: 100,000 times __proto__", v2(`{${Array.from({ length: DEEP }, () => '"__proto__":{"x":1}').join()}}`)],
  ["text: a mebibyte of brackets", "[".repeat(MEBIBYTE)],
  ["text: a mebibyte of ampersands and brackets", "a[b][c]=1&".repeat(MEBIBYTE / 10)],
  ["text: a key of a mebibyte of brackets", `a${"[b]".repeat(MEBIBYTE / 3)}=1`],
  ["text: a mebibyte of commas", ",".repeat(MEBIBYTE)],
  ["text: a mebibyte of spaces and commas", " ,".repeat(MEBIBYTE / 2)],
  ["text: a mebibyte of equals signs", "=".repeat(MEBIBYTE)],
  ["text: a mebibyte of percent signs", "%41".repeat(MEBIBYTE / 3)],
  ["bytes: a mebibyte of zeros", new Uint8Array(MEBIBYTE)],
  ["bytes: a mebibyte of ones", new Uint8Array(MEBIBYTE).fill(0xff)],
]
