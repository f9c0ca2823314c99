import { concatBytes, isBytes } from "../../protocol/bytes.js"
import { SerializerError } from "../../protocol/errors.js"
import type { Message } from "../../protocol/message.js"
import { json } from "../../serializer/json.js"
import { msgpack } from "../../serializer/msgpack.js"
import type { Serializer } from "../../serializer/serializer.js"

// Between nodes a broadcast travels as a header for the node and the frame for its clients, so that a node can pass the
// frame on without decoding it. The header is one byte for the form, the lengths of sender and event, and these two.

/** The forms of the frame. The first one that loses nothing is used; JSON comes first because most clients speak it. */
const FORMS: readonly { readonly serializer: Serializer; readonly text: boolean }[] = [
  { serializer: json(), text: true },
  { serializer: json(), text: false },
  { serializer: msgpack(), text: false },
]
const JSON_TEXT = 0
const JSON_BINARY = 1
const MSGPACK = 2
const HEADER = 5
const MAX_NAMES = 0xffff

/** A broadcast that came from another node. */
export interface TravelledFrame {
  readonly event: string
  /** The recovery id of the channel that must not get it, if any. */
  readonly sender: string | undefined
  readonly form: number
  readonly frame: Uint8Array
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** Decodes UTF-8. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes)

/** Whether a value survives JSON unchanged. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value)
  if (typeof value !== "object" || value === null) return typeof value !== "bigint"
  if (Array.isArray(value)) return value.every(isPlain)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key in value) {
    if (key === "toJSON" || !isPlain((value as Record<string, unknown>)[key])) return false
  }
  return true
}

function formOf(payload: unknown): number {
  if (isBytes(payload)) return JSON_BINARY
  try {
    return isPlain(payload) ? JSON_TEXT : MSGPACK
  } catch {
    // A circle, or too deep: the serializer throws an error that says so.
    return MSGPACK
  }
}

/** Encodes a broadcast for other nodes. */
export function writeClusterFrame(message: Message, sender: string | undefined): Uint8Array {
  const form = formOf(message.payload)
  const written = FORMS[form]?.serializer.server.encode(message) ?? ""
  const [from, event] = [utf8(sender ?? ""), utf8(message.event)]
  if (from.length + event.length > MAX_NAMES) {
    throw new SerializerError("unencodable", "the name is too long for a cluster", "event")
  }
  const header = new DataView(new ArrayBuffer(HEADER))
  header.setUint8(0, form)
  header.setUint16(1, from.length)
  header.setUint16(3, event.length)
  return concatBytes([
    new Uint8Array(header.buffer),
    from,
    event,
    typeof written === "string" ? utf8(written) : written,
  ])
}

/** Decodes a broadcast of another node, except its payload. */
export function readClusterFrame(bytes: Uint8Array): TravelledFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const form = bytes[0]
  if (form === undefined || form > MSGPACK || bytes.length < HEADER) {
    throw new SerializerError("bad_frame", "not a frame of another node; do all nodes run the same version?")
  }
  const sender = HEADER + view.getUint16(1)
  const event = sender + view.getUint16(3)
  if (event > bytes.length)
    throw new SerializerError("bad_frame", "a frame of another node ends within its names", event)
  return {
    event: textOf(bytes.subarray(sender, event)),
    sender: sender === HEADER ? undefined : textOf(bytes.subarray(HEADER, sender)),
    form,
    frame: bytes.subarray(event),
  }
}

/** Copies the frame, so that it does not keep alive the larger buffer that it was read into. */
export function ownFrame(travelled: TravelledFrame): TravelledFrame {
  const { frame } = travelled
  if (frame.buffer.byteLength === frame.length) return travelled
  return { ...travelled, frame: new Uint8Array(frame) }
}

/** Decodes the payload. */
export function payloadOf({ form, frame }: TravelledFrame): unknown {
  // The client's half of the serializer decodes it, because the frame is one that clients read.
  return FORMS[form]?.serializer.client.decode(form === JSON_TEXT ? textOf(frame) : frame).payload
}

/** The frame for the clients of a serializer, if the other node encoded it in their form. Text is UTF-8. */
export function frameFor(
  travelled: TravelledFrame,
  serializer: Serializer,
  offset: number | undefined,
): { readonly text: boolean; readonly bytes: Uint8Array } | undefined {
  const form = FORMS[travelled.form]
  if (form === undefined || form.serializer.server !== serializer.server) return undefined
  const { frame } = travelled
  if (offset === undefined) return { text: form.text, bytes: frame }
  if (travelled.form !== JSON_TEXT) return undefined
  // The offset goes behind the payload, before the bracket that ends the array.
  return { text: true, bytes: concatBytes([frame.subarray(0, -1), utf8(`,${offset}]`)]) }
}
