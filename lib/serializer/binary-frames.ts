import { isBytes, toArrayBuffer, toUint8Array, type Bytes } from "../protocol/bytes.js"
import { SerializerError } from "../protocol/errors.js"
import { PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { decodeUtf8 } from "./decode-text.js"

// The first byte of V2's binary frames. A push has one meaning in each direction: the client's carries a ref, the
// server's does not.
const PUSH = 0
const REPLY = 1
const BROADCAST = 2

const MAX_FIELD = 255
// Made at its first use, so that the import alone asks nothing of the platform.
let encoder: TextEncoder | undefined

/** What a frame announces: its kind, the length of each field in a byte, the fields, and the data to the end. */
function encodeFrame(
  kind: number,
  names: readonly string[],
  fields: readonly (Ref | string)[],
  data: Bytes,
): Uint8Array {
  const utf8 = (encoder ??= new TextEncoder())
  const texts = fields.map((field) => utf8.encode(field === null ? "" : String(field)))
  const payload = toUint8Array(data)
  let length = 1 + texts.length + payload.length
  for (const [i, text] of texts.entries()) {
    if (text.length > MAX_FIELD) {
      throw new SerializerError(
        "unencodable",
        `a binary frame holds ${MAX_FIELD} bytes here, not ${text.length}`,
        names[i],
      )
    }
    length += text.length
  }
  const frame = new Uint8Array(length)
  frame[0] = kind
  let at = 1
  for (const text of texts) frame[at++] = text.length
  for (const text of texts) {
    frame.set(text, at)
    at += text.length
  }
  frame.set(payload, at)
  return frame
}

/** Reads the fields that a frame announces; `data` is a view of the frame, not a copy. */
function decodeFields(frame: Uint8Array, names: readonly string[]): { fields: string[]; data: Uint8Array } {
  let at = 1 + names.length
  const fields = names.map((name, i) => {
    const length = frame[1 + i]
    if (length === undefined || at + length > frame.length) {
      throw new SerializerError("bad_frame", `the frame ends within its ${name}`, frame.length)
    }
    const field = decodeUtf8(frame.subarray(at, at + length), name)
    at += length
    return field
  })
  return { fields, data: frame.subarray(at) }
}

const CLIENT_PUSH = ["join_ref", "ref", "topic", "event"]
const SERVER_PUSH = ["join_ref", "topic", "event"]
const SERVER_REPLY = ["join_ref", "ref", "topic", "status"]
const SERVER_BROADCAST = ["topic", "event"]

const unknownKind = (frame: Uint8Array): SerializerError =>
  new SerializerError(
    "bad_frame",
    frame.length === 0 ? "an empty binary frame" : `no binary frame of kind ${frame[0]}`,
    0,
  )

/** Client to server: a push of bytes. */
export function encodeClientPush({ join_ref, ref, topic, event }: Message, data: Bytes): Uint8Array {
  return encodeFrame(PUSH, CLIENT_PUSH, [join_ref, ref, topic, event], data)
}

/** What a server reads. The payload is a view of the frame. */
export function decodeClientPush(frame: Uint8Array): Message {
  if (frame[0] !== PUSH) throw unknownKind(frame)
  const { fields, data } = decodeFields(frame, CLIENT_PUSH)
  const [join_ref, ref, topic, event] = fields as [string, string, string, string]
  return { join_ref, ref, topic, event, payload: data }
}

/** The bytes that a server's message carries, in its payload or in its reply's response; else `undefined`. */
export function serverBytes({ event, payload }: Message): Bytes | undefined {
  if (isBytes(payload)) return payload
  if (event !== PHX_REPLY) return undefined
  const response = (payload as Partial<Reply> | null)?.response
  return isBytes(response) ? response : undefined
}

/** Server to client: a reply, a push to one channel, or a broadcast, told apart by their refs. */
export function encodeServerMessage(message: Message, data: Bytes): Uint8Array {
  const { join_ref, ref, topic, event, payload } = message
  if (event === PHX_REPLY && payload !== data) {
    return encodeFrame(REPLY, SERVER_REPLY, [join_ref, ref, topic, (payload as Reply).status], data)
  }
  if (join_ref === null && ref === null) return encodeFrame(BROADCAST, SERVER_BROADCAST, [topic, event], data)
  return encodeFrame(PUSH, SERVER_PUSH, [join_ref, topic, event], data)
}

/** What a client reads. The payload is an `ArrayBuffer` of its own, as phoenix.js hands it over. */
export function decodeServerMessage(frame: Uint8Array): Message {
  switch (frame[0]) {
    case PUSH: {
      const { fields, data } = decodeFields(frame, SERVER_PUSH)
      const [join_ref, topic, event] = fields as [string, string, string]
      return { join_ref, ref: null, topic, event, payload: toArrayBuffer(data) }
    }
    case REPLY: {
      const { fields, data } = decodeFields(frame, SERVER_REPLY)
      const [join_ref, ref, topic, status] = fields as [string, string, string, string]
      return { join_ref, ref, topic, event: PHX_REPLY, payload: { status, response: toArrayBuffer(data) } }
    }
    case BROADCAST: {
      const { fields, data } = decodeFields(frame, SERVER_BROADCAST)
      const [topic, event] = fields as [string, string]
      return { join_ref: null, ref: null, topic, event, payload: toArrayBuffer(data) }
    }
    default:
      throw unknownKind(frame)
  }
}
