import { decode, encode } from "@msgpack/msgpack"
import { gunzipSync, gzipSync } from "node:zlib"
import * as phoenix from "phoenix"
import type { Family } from "../../fixtures/families.js"
import type { Message } from "../../lib/protocol/message.js"
import { binaryBroadcast, binaryReply, binaryServerPush, readBinaryPush } from "./binary-v2.js"

/** A frame, and whether a server labels it as text. */
export interface LabelledFrame {
  readonly frame: string | Uint8Array
  readonly isText: boolean
}

const GZIP_THRESHOLD = 1024
const V1_PARTS = ["event", "payload", "ref", "topic"]

const own = (frame: ArrayBuffer | Uint8Array): Uint8Array => Uint8Array.from(new Uint8Array(frame))
const wrong = (family: Family, from: string): Error => new Error(`no frame of a ${from} of family ${family.family}`)

function fromArray(array: unknown): Message {
  const [join_ref, ref, topic, event, payload] = array as [string | null, string | null, string, string, unknown]
  return { join_ref, ref, topic, event, payload }
}

/** How the serializers of Phoenix's own client write and read binary frames. */
interface BinaryFrames {
  encode(message: object, callback: (frame: ArrayBuffer) => void): void
  decode(frame: ArrayBuffer, callback: (message: Message) => void): void
}
// The types of phoenix lack the serializer.
const { Serializer: binaryFrames } = phoenix as unknown as { Serializer: BinaryFrames }

const hasBinaryFrames = ({ client }: Family): boolean => client.bytes !== undefined

/** A message as a client of the family writes it. The encoders come from other projects. */
export function writeAsClient(family: Family, { join_ref, ref, topic, event, payload }: Message): string | Uint8Array {
  const array = [join_ref, ref, topic, event, payload]
  const map = { topic, event, payload, ref, join_ref }
  if (family.client.send === "json") return JSON.stringify(array)
  if (family.client.send === "json-v1") return JSON.stringify({ topic, event, payload, ref })
  if (!(payload instanceof Uint8Array && hasBinaryFrames(family)))
    return own(encode(family.client.shape === "map" ? map : array))
  let written = new Uint8Array(0)
  binaryFrames.encode({ ...map, payload: own(payload).buffer }, (frame) => (written = new Uint8Array(frame)))
  return written
}

/** Reads a client's message as a server of the family does, and rejects every other frame. */
export function readAsServer(family: Family, { frame, isText }: LabelledFrame): Message {
  const { send, shape } = family.client
  if (isText !== (send !== undefined)) throw wrong(family, "client")
  if (typeof frame === "string") {
    const read: unknown = JSON.parse(frame)
    if (Array.isArray(read) !== (send === "json")) throw wrong(family, "client")
    return Array.isArray(read) ? fromArray(read) : { ...(read as Message), join_ref: null }
  }
  if (frame[0] === 0 && hasBinaryFrames(family)) {
    const [join_ref, ref, topic, event, payload] = readBinaryPush(own(frame).buffer as ArrayBuffer)
    return fromArray([join_ref, ref, topic, event, new Uint8Array(payload as ArrayBuffer)])
  }
  const read = decode(frame)
  if (Array.isArray(read) === (shape === "map")) throw wrong(family, "client")
  return Array.isArray(read) ? fromArray(read) : (read as Message)
}

function binaryFrameOf(
  { join_ref, ref, topic, event }: Message,
  status: string | undefined,
  data: ArrayBuffer,
): ArrayBuffer {
  if (status !== undefined) return binaryReply(String(join_ref ?? ""), String(ref ?? ""), topic, status, data)
  return join_ref === null
    ? binaryBroadcast(topic, event, data)
    : binaryServerPush(String(join_ref), topic, event, data)
}

/** A message as a server of the family writes it. */
export function writeAsServer(family: Family, message: Message): LabelledFrame {
  const { join_ref, ref, topic, event, payload } = message
  const { status, response = payload } = (event === "phx_reply" ? payload : {}) as {
    status?: string
    response?: unknown
  }
  if (response instanceof Uint8Array && hasBinaryFrames(family)) {
    const data = own(response).buffer as ArrayBuffer
    return { frame: new Uint8Array(binaryFrameOf(message, status, data)), isText: false }
  }
  const isMap = family.endpoint.shape === "map"
  const packed = own(
    encode(isMap ? { topic, event, payload, ref } : [join_ref, ref, topic, event, payload], { sortKeys: true }),
  )
  const isGzip = "EF".includes(family.family[0] as string) && family.family !== "E" && packed.length > GZIP_THRESHOLD
  return { frame: isGzip ? own(gzipSync(packed)) : packed, isText: family.family === "B" }
}

/** Reads a server's message as a client of the family does, and rejects every other frame. */
export function readAsClient(family: Family, frame: unknown): Message {
  if (typeof frame === "string") throw wrong(family, "server")
  let bytes = own(frame as ArrayBuffer)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = own(gunzipSync(bytes))
  if ((bytes[0] as number) < 3 && hasBinaryFrames(family)) {
    let message: Message | undefined
    binaryFrames.decode(bytes.buffer as ArrayBuffer, (read) => (message = read))
    return message as unknown as Message
  }
  const read = decode(bytes)
  if (Array.isArray(read)) {
    if (family.endpoint.shape === "map" || read.length !== 5) throw wrong(family, "server")
    return fromArray(read)
  }
  const isV1 = JSON.stringify(Object.keys(read as object).toSorted()) === JSON.stringify(V1_PARTS)
  if (family.endpoint.shape !== "map" || !isV1) throw wrong(family, "server")
  return { ...(read as Message), join_ref: null }
}
