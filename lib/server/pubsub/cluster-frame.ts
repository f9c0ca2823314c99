import { isBytes } from "../../protocol/bytes.js"
import { SerializerError } from "../../protocol/errors.js"
import type { Message } from "../../protocol/message.js"
import { json } from "../../serializer/json.js"
import { msgpack } from "../../serializer/msgpack.js"
import type { Frame, Serializer } from "../../serializer/serializer.js"

// Between nodes a broadcast is a few bytes for the node and the frame as its clients get it, so that a node passes it on
// without a look inside: a byte for the form, the lengths of the sender and of the event, both, and the frame.

/** How the frame is written: the first that loses nothing, and JSON first because most clients speak it. */
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
  /** The channel that does not get it, if there is one. */
  readonly sender: string | undefined
  readonly form: number
  readonly frame: Buffer
}

/** Whether JSON gives it back as it was. */
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
    // A circle, or too deep: the serializer says so.
    return MSGPACK
  }
}

/** Writes a broadcast for other nodes. */
export function writeClusterFrame(message: Message, sender: string | undefined): Uint8Array {
  const form = formOf(message.payload)
  const written = FORMS[form]?.serializer.server.encode(message) ?? ""
  const names = Buffer.from((sender ?? "") + message.event)
  const senderLength = Buffer.byteLength(sender ?? "")
  if (names.length > MAX_NAMES) throw new SerializerError("unencodable", "the name is too long for a cluster", "event")
  const header = Buffer.allocUnsafe(HEADER)
  header[0] = form
  header.writeUInt16BE(senderLength, 1)
  header.writeUInt16BE(names.length - senderLength, 3)
  return Buffer.concat([header, names, typeof written === "string" ? Buffer.from(written) : written])
}

/** Reads what another node wrote. */
export function readClusterFrame(bytes: Uint8Array): TravelledFrame {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const form = buffer[0]
  if (form === undefined || form > MSGPACK || buffer.length < HEADER) {
    throw new SerializerError("bad_frame", "no frame of another node; do all nodes run the same version?")
  }
  const sender = HEADER + buffer.readUInt16BE(1)
  const event = sender + buffer.readUInt16BE(3)
  if (event > buffer.length)
    throw new SerializerError("bad_frame", "a frame of another node ends within its names", event)
  return {
    event: buffer.toString("utf8", sender, event),
    sender: sender === HEADER ? undefined : buffer.toString("utf8", HEADER, sender),
    form,
    frame: buffer.subarray(event),
  }
}

/** The same in memory of its own: a few bytes must not keep all that was read with them. */
export function ownFrame(travelled: TravelledFrame): TravelledFrame {
  const { frame } = travelled
  if (frame.buffer.byteLength === frame.length) return travelled
  const own = Buffer.allocUnsafeSlow(frame.length)
  frame.copy(own)
  return { ...travelled, frame: own }
}

const textOf = ({ form, frame }: TravelledFrame): Frame => (form === JSON_TEXT ? frame.toString() : frame)

/** What is in it. */
export function payloadOf(travelled: TravelledFrame): unknown {
  // By the other end's half: a broadcast is what a client reads.
  return FORMS[travelled.form]?.serializer.client.decode(textOf(travelled)).payload
}

/** The frame for the clients of a serializer, if the other node wrote it in their form. Its text is UTF-8. */
export function frameFor(
  travelled: TravelledFrame,
  serializer: Serializer,
  offset: number | undefined,
): { readonly text: boolean; readonly bytes: Buffer } | undefined {
  const form = FORMS[travelled.form]
  if (form === undefined || form.serializer.server !== serializer.server) return undefined
  const { frame } = travelled
  if (offset === undefined) return { text: form.text, bytes: frame }
  if (travelled.form !== JSON_TEXT) return undefined
  // Behind the payload, before the bracket that ends the array.
  return { text: true, bytes: Buffer.concat([frame.subarray(0, -1), Buffer.from(`,${offset}]`)]) }
}
