import { concatBytes, isBytes, toUint8Array } from "../protocol/bytes.js"
import { SerializerError } from "../protocol/errors.js"
import type { Message } from "../protocol/message.js"
import { decodeUtf8, parseJson, parseStrictJson, stringifyJson } from "./decode-text.js"
import { json } from "./json.js"
import type { Frame, Serializer } from "./serializer.js"

// Supabase adds two kinds of binary frames to V2, for user broadcasts: a byte for the kind, a byte for the length of
// each field, a byte for how the data is encoded, the fields, and the data to the end.
const PUSH = 3
const BROADCAST = 4
const PUSH_FIELDS = ["join_ref", "ref", "topic", "event", "metadata"] as const
const BROADCAST_FIELDS = ["topic", "event", "metadata"] as const
const DATA_IS_BYTES = 0
const DATA_IS_JSON = 1
const MAX_FIELD = 255

/** The protocol's event around every event of a user. */
const EVENT = "broadcast"

/** The payload of the event `broadcast`: a user event and its own payload. */
export interface UserBroadcast {
  readonly type: "broadcast"
  readonly event: string
  /** Any JSON value, or bytes. */
  readonly payload?: unknown
  readonly meta?: object
}

/** A broadcast that JSON cannot carry, because its payload is bytes. */
interface BytesBroadcast extends UserBroadcast {
  readonly payload: ArrayBuffer | ArrayBufferView
}

const isBytesBroadcast = (payload: unknown): payload is BytesBroadcast =>
  typeof payload === "object" &&
  payload !== null &&
  isBytes((payload as Partial<UserBroadcast>).payload) &&
  typeof (payload as Partial<UserBroadcast>).event === "string"

/**
 * The text of a field. `@supabase/realtime-js` 2.109 writes the lower byte of each UTF-16 unit instead of UTF-8, so `é`
 * is one byte: fields that are not UTF-8 are read as Latin-1.
 */
function fieldText(bytes: Uint8Array, name: string): string {
  try {
    return decodeUtf8(bytes, name)
  } catch {
    return String.fromCharCode(...bytes)
  }
}

/** How one end reads the fields of a frame, and bytes in it. */
interface Reading<N extends string> {
  readonly names: readonly N[]
  readonly bytes: (data: Uint8Array) => unknown
}

/** For a server: bytes are a view of the frame. */
const PUSH_READING: Reading<(typeof PUSH_FIELDS)[number]> = {
  names: PUSH_FIELDS,
  bytes: (data) => data,
}
/** For a client: bytes are in their own buffer, as in phoenix.js. */
const BROADCAST_READING: Reading<(typeof BROADCAST_FIELDS)[number]> = {
  names: BROADCAST_FIELDS,
  bytes: (data) => new Uint8Array(data).buffer,
}

/** Reads the fields of a frame, and the broadcast in it. */
function read<N extends string>(
  frame: Uint8Array,
  { names, bytes }: Reading<N>,
  parse: (text: string) => unknown,
): { fields: Record<N, string>; payload: UserBroadcast } {
  const encodingAt = 1 + names.length
  let at = encodingAt + 1
  const fields = {} as Record<string, string>
  for (const [i, name] of names.entries()) {
    const end = at + (frame[1 + i] ?? Infinity)
    if (end > frame.length) throw new SerializerError("bad_frame", `ends within its ${name}`, frame.length)
    fields[name] = fieldText(frame.subarray(at, end), name)
    at = end
  }
  const encoding = frame[encodingAt]
  if (encoding !== DATA_IS_BYTES && encoding !== DATA_IS_JSON) {
    throw new SerializerError("bad_frame", `no encoding ${encoding}`, encodingAt)
  }
  const data = frame.subarray(at)
  const { event = "", metadata = "" } = fields
  const payload = encoding === DATA_IS_JSON ? parse(decodeUtf8(data, "payload")) : bytes(data)
  const meta = metadata === "" ? {} : { meta: readMetadata(metadata, parse) }
  return { fields: fields as Record<N, string>, payload: { type: EVENT, event, payload, ...meta } }
}

function readMetadata(text: string, parse: (text: string) => unknown): object {
  const meta = parse(text)
  if (typeof meta === "object" && meta !== null && !Array.isArray(meta)) return meta
  throw new SerializerError("bad_frame", "metadata is not an object", "metadata")
}

// Created at its first use, so that importing this file needs nothing from the platform.
let encoder: TextEncoder | undefined

/** Writes a broadcast of bytes. */
function write(kind: number, names: readonly string[], texts: readonly string[], payload: BytesBroadcast): Uint8Array {
  encoder ??= new TextEncoder()
  const fields = texts.map((text) => (encoder as TextEncoder).encode(text))
  const tooLong = fields.findIndex(({ length }) => length > MAX_FIELD)
  if (tooLong !== -1) {
    const message = `a broadcast of bytes has ${MAX_FIELD} bytes for its ${names[tooLong]}, and needs more`
    throw new SerializerError("unencodable", message, names[tooLong])
  }
  const data = toUint8Array(payload.payload)
  const head = Uint8Array.of(kind, ...fields.map(({ length }) => length), DATA_IS_BYTES)
  return concatBytes([head, ...fields, data])
}

const metadataOf = ({ meta }: UserBroadcast): string => (meta === undefined ? "" : stringifyJson(meta))

const asText = (ref: unknown): string => String(ref ?? "")

const ofKind = (frame: string | ArrayBuffer | ArrayBufferView, kind: number): Uint8Array | undefined => {
  if (typeof frame === "string") return undefined
  const bytes = toUint8Array(frame)
  return bytes[0] === kind ? bytes : undefined
}

const { client, server, ...v2 } = json()

/** Client to server. */
function encodePush(message: Message): Frame {
  const { join_ref, ref, topic, event, payload } = message
  if (event !== EVENT || !isBytesBroadcast(payload)) return client.encode(message)
  return write(PUSH, PUSH_FIELDS, [asText(join_ref), asText(ref), topic, payload.event, metadataOf(payload)], payload)
}

function decodePush(frame: Uint8Array, parse: (text: string) => unknown): Message {
  const { fields, payload } = read(frame, PUSH_READING, parse)
  const { join_ref, ref, topic } = fields
  return { join_ref: join_ref || null, ref: ref || null, topic, event: EVENT, payload }
}

/** Server to client. The frame has no place for an offset: a client that recovers gets the broadcast without one. */
function encodeBroadcast(message: Message): Frame {
  const { topic, event, payload } = message
  if (event !== EVENT || !isBytesBroadcast(payload)) return server.encode(message)
  return write(BROADCAST, BROADCAST_FIELDS, [topic, payload.event, metadataOf(payload)], payload)
}

function decodeBroadcast(frame: Uint8Array): Message {
  const { fields, payload } = read(frame, BROADCAST_READING, parseJson)
  return { join_ref: null, ref: null, topic: fields.topic, event: EVENT, payload }
}

/**
 * V2 as used by Supabase Realtime and its clients: with its default vsn, `@supabase/realtime-js` sends user broadcasts
 * in its own kind of binary frame, and receives broadcasts of bytes in another. It replaces `json()`, at either end,
 * and is V2 for every other client.
 *
 * ```ts
 * new Endpoint({ path: "/realtime/v1", serializers: [supabase(), jsonV1()] })
 * ```
 *
 * A handler of the event `broadcast` gets a {@link UserBroadcast}: its payload is JSON, or bytes if bytes were sent.
 */
export function supabase(): Serializer {
  return {
    ...v2,
    name: "supabase",
    client: {
      encode: encodePush,
      decode(frame) {
        const bytes = ofKind(frame, BROADCAST)
        return bytes === undefined ? client.decode(frame) : decodeBroadcast(bytes)
      },
    },
    server: {
      encode: encodeBroadcast,
      decode(frame, maxWeight, assertLight) {
        const bytes = ofKind(frame, PUSH)
        if (bytes === undefined) return server.decode(frame, maxWeight, assertLight)
        return decodePush(bytes, (text) => parseStrictJson(text, maxWeight, assertLight))
      },
    },
  }
}
