import { SerializerError } from "../protocol/errors.js"
import { assertShallow } from "./nesting.js"
import type { IncomingFrame } from "./serializer.js"

// Made at its first use: some platforms have none, and can speak JSON over text all the same.
let utf8: TextDecoder | undefined

/** UTF-8 that is not UTF-8 is an error: a replacement character would make two names one. */
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

/** What a frame of JSON says. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SerializerError("bad_frame", "not JSON", undefined, cause)
  }
}

/** A message as JSON. What JSON has no words for (a BigInt, a circle, a throwing `toJSON`) is the payload's fault. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new SerializerError("unencodable", "JSON cannot carry this payload", "payload", cause)
  }
}

// What JSON.parse lets through and Phoenix does not: half of a surrogate pair by escape, and numbers beyond a double.
const SUSPECT = /\\u[dD][89a-fA-F]|\d[eE]\+?\d{3}|\d{309}/

function assertSound(value: unknown): void {
  const pending = [value]
  while (pending.length) {
    const next = pending.pop()
    if (typeof next === "string" ? /\p{Surrogate}/u.test(next) : next === Infinity || next === -Infinity) {
      throw new SerializerError("bad_frame", typeof next === "string" ? "half a surrogate pair" : "a number too large")
    }
    if (typeof next !== "object" || next === null) continue
    if (Array.isArray(next)) for (const element of next) pending.push(element)
    else for (const key of Object.keys(next)) pending.push(key, (next as Record<string, unknown>)[key])
  }
}

/** What a client sent as JSON: no deeper than it is safe to walk. */
export function parseShallowJson(text: string): unknown {
  assertShallow(text)
  return parseJson(text)
}

/** The same by the rules of Phoenix's decoder: what no server may answer with is not taken either. */
export function parseStrictJson(text: string): unknown {
  const value = parseShallowJson(text)
  if (SUSPECT.test(text)) assertSound(value)
  return value
}
