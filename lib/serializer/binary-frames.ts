import { isBytes, toUint8Array, type Bytes } from "../protocol/bytes.js"
import { SerializerError } from "../protocol/errors.js"
import { PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { decodeUtf8 } from "./decode-text.js"

// V2's binary frames: a byte for the kind, a byte for the length of each field, the fields, and the data to the end.
// The kinds are 0, 1 and 2, in this order; a push has other fields in each direction. Kind 3 is Rookery's own: a push or a
// broadcast with its offset, for clients that asked for offsets.
const PUSH = 0
const REPLY = 1
const BROADCAST = 2
const NUMBERED = 3
const CLIENT_PUSH = ["join_ref", "ref", "topic", "event"]
const SERVER_KINDS = [
  ["join_ref", "topic", "event"],
  ["join_ref", "ref", "topic", "status"],
  ["topic", "event"],
  ["join_ref", "topic", "event", "offset"],
]

const MAX_FIELD = 255
// Created at its first use, so that importing this file needs nothing from the platform.
let encoder: TextEncoder | undefined

type Name = "join_ref" | "ref" | "topic" | "event" | "status" | "offset"
type Fields = { [N in Name]?: unknown }

const unencodable = (at: string | undefined, cause?: unknown): SerializerError =>
  new SerializerError("unencodable", `binary frames cannot carry this (${MAX_FIELD} bytes a name)`, at, cause)

function encodeFrame(kind: number, names: readonly string[], fields: Fields, data: Bytes): Uint8Array {
  const texts = names.map((name) => {
    const field = fields[name as Name] ?? ""
    // `String()` of an object would be a different name.
    if (typeof field === "object") throw unencodable(name)
    return String(field)
  })
  let at = 1 + names.length
  let payload: Uint8Array
  try {
    payload = toUint8Array(data)
  } catch (cause) {
    throw unencodable("payload", cause)
  }
  // Room for the longest encoding of the names: computing their lengths first costs more than the rest of the encoding.
  const frame = new Uint8Array(at + 3 * texts.join("").length + payload.length)
  frame[0] = kind
  encoder ??= new TextEncoder()
  for (const [i, text] of texts.entries()) {
    const { written } = encoder.encodeInto(text, frame.subarray(at))
    if (written > MAX_FIELD) throw unencodable(names[i])
    frame[1 + i] = written
    at += written
  }
  frame.set(payload, at)
  return frame.subarray(0, at + payload.length)
}

/** Reads the fields that a frame announces; `data` is a view of the frame, not a copy. */
function decodeFrame(frame: Uint8Array, names: readonly string[] | undefined): Fields & { data: Uint8Array } {
  if (!names) {
    throw new SerializerError("bad_frame", `no frame of kind ${frame[0]}`, 0)
  }
  let at = 1 + names.length
  const fields: Fields = {}
  for (const [i, name] of names.entries()) {
    const end = at + (frame[1 + i] ?? Infinity)
    if (end > frame.length) throw new SerializerError("bad_frame", `ends within its ${name}`, frame.length)
    fields[name as Name] = decodeUtf8(frame.subarray(at, end), name)
    at = end
  }
  return { ...fields, data: frame.subarray(at) }
}

/** Client to server: a push of bytes. */
export function encodeClientPush(message: Message, data: Bytes): Uint8Array {
  return encodeFrame(PUSH, CLIENT_PUSH, message, data)
}

/** Reads a frame of a client. The payload is a view of the frame. */
export function decodeClientPush(frame: Uint8Array): Message {
  const { join_ref, ref, topic, event, data } = decodeFrame(frame, frame[0] === PUSH ? CLIENT_PUSH : undefined)
  // A binary frame cannot carry null. The Elixir client slipstream before 1.2.2 leaves the join_ref of its pushes
  // empty, and Phoenix up to 1.8.2 handled them as pushes without one.
  return { join_ref: join_ref || null, ref, topic, event, payload: data } as Message
}

/** The bytes that a server's message carries, in its payload or in its reply's response; else `undefined`. */
export function serverBytes({ event, payload }: Message): Bytes | undefined {
  if (isBytes(payload)) return payload
  if (event !== PHX_REPLY) return undefined
  const response = (payload as Partial<Reply> | null)?.response
  return isBytes(response) ? response : undefined
}

/** Server to client: a reply, a push to one channel, or a broadcast, depending on the refs. */
export function encodeServerMessage(message: Message, data: Bytes): Uint8Array {
  const { join_ref, ref, topic, event, payload, offset } = message
  const isReply = event === PHX_REPLY && payload !== data
  const isBroadcast = join_ref === null && ref === null
  const kind = isReply ? REPLY : offset !== undefined ? NUMBERED : isBroadcast ? BROADCAST : PUSH
  const fields = isReply ? { join_ref, ref, topic, status: (payload as Reply).status } : message
  return encodeFrame(kind, SERVER_KINDS[kind] as string[], fields, data)
}

/** Reads a frame of the server. The payload is an `ArrayBuffer` of its own, as in phoenix.js. */
export function decodeServerMessage(frame: Uint8Array): Message {
  const fields = decodeFrame(frame, SERVER_KINDS[frame[0] as number])
  const { join_ref = null, ref = null, topic, event = PHX_REPLY, status, offset } = fields
  // The data follows a header, so it is never the whole buffer.
  const bytes = new Uint8Array(fields.data).buffer
  const payload = status === undefined ? bytes : { status, response: bytes }
  const message = { join_ref, ref, topic, event, payload } as Message
  // A numbered broadcast has an empty join_ref.
  return offset ? { ...message, join_ref: (join_ref as Ref) || null, offset: Number(offset) } : message
}
