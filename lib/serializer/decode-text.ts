import { SerializerError } from "../protocol/errors.js"
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

/** A frame of JSON; bytes are read as UTF-8, as Phoenix does on a V1 socket. */
export function parseJson(frame: IncomingFrame): unknown {
  const text = typeof frame === "string" ? frame : decodeUtf8(frame, "frame")
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
