import { SerializerError } from "../protocol/errors.js"
import { assertShallow } from "./nesting.js"
import type { AssertLight, IncomingFrame } from "./serializer.js"

// Created at its first use: platforms without a TextDecoder can still use JSON over text frames.
let utf8: TextDecoder | undefined

/** Throws for invalid UTF-8: replacement characters would make different names equal. */
export function decodeUtf8(bytes: Uint8Array | ArrayBuffer, at: string): string {
  try {
    utf8 ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    return utf8.decode(bytes)
  } catch (cause) {
    throw new SerializerError("bad_frame", "not UTF-8", at, cause)
  }
}

/** A frame as text; bytes are read as UTF-8, as Phoenix does on a V1 socket. */
export const toText = (frame: IncomingFrame): string => (typeof frame === "string" ? frame : decodeUtf8(frame, "frame"))

/** Parses a JSON frame. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SerializerError("bad_frame", "not JSON", undefined, cause)
  }
}

/**
 * Writes a message as JSON. Throws for a payload that JSON cannot carry: a BigInt, a circular reference, a throwing
 * `toJSON`.
 */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new SerializerError("unencodable", "JSON cannot carry this payload", "payload", cause)
  }
}

// `JSON.parse` accepts two values that Phoenix refuses: an escaped half of a surrogate pair, and a number too large for
// a double.
const SUSPECT = /\\u[dD][89a-fA-F]|\d[eE]\+?\d{3}/
/** Digits of the shortest whole number that may be larger than a double. */
const LARGE_DIGITS = 309

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code >= 0x30 && code <= 0x39
}

/** Whether the text has this many digits in a row. A regular expression would start again at each digit of a run. */
function hasLargeNumber(text: string): boolean {
  // Any run of that length covers one of these positions.
  for (let at = LARGE_DIGITS - 1; at < text.length; at += LARGE_DIGITS) {
    if (!isDigit(text, at)) continue
    let begin = at
    while (begin > 0 && isDigit(text, begin - 1)) begin--
    while (isDigit(text, at + 1)) at++
    if (at + 1 - begin >= LARGE_DIGITS) return true
  }
  return false
}

/** Whether text has half of a surrogate pair. */
function hasLoneSurrogate(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code & 0xf800) !== 0xd800) continue
    const isPair = code < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    if (!isPair) return true
    at++
  }
  return false
}

function assertSound(value: unknown): void {
  const pending = [value]
  while (pending.length) {
    const next = pending.pop()
    if (typeof next === "string" ? hasLoneSurrogate(next) : next === Infinity || next === -Infinity) {
      throw new SerializerError("bad_frame", typeof next === "string" ? "half a surrogate pair" : "a number too large")
    }
    if (typeof next !== "object" || next === null) continue
    if (Array.isArray(next)) for (const element of next) pending.push(element)
    else for (const key of Object.keys(next)) pending.push(key, (next as Record<string, unknown>)[key])
  }
}

/**
 * Parses JSON of a client: nested no deeper than is safe to walk, and no heavier than `maxWeight` if `assertLight` is
 * given.
 */
export function parseShallowJson(
  text: string,
  maxWeight: number = Infinity,
  assertLight: AssertLight = assertShallow,
): unknown {
  assertLight(text, maxWeight)
  return parseJson(text)
}

/** The same by the rules of Phoenix's decoder, which refuses values that a server could not send back. */
export function parseStrictJson(text: string, maxWeight?: number, assertLight?: AssertLight): unknown {
  const value = parseShallowJson(text, maxWeight, assertLight)
  if (SUSPECT.test(text) || hasLargeNumber(text)) assertSound(value)
  return value
}
