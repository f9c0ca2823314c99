import { Packr, type Options } from "msgpackr"
import { isBytes, toArrayBuffer, toUint8Array } from "../protocol/bytes.js"
import { SerializerError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR, PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { VSN_MSGPACK } from "../protocol/vsn.js"
import { serverBytes } from "./binary-frames.js"
import { decodeUtf8 } from "./decode-text.js"
import { fromObject } from "./json-v1.js"
import { fromTuple, toNumberedTuple } from "./json.js"
import { scanMsgpack } from "./msgpack-scan.js"
import { plainBytes } from "./plain-bytes.js"
import type { Codec, Serializer } from "./serializer.js"

/** Options of {@link msgpack}. Both ends of a connection need the same. */
export interface MsgpackOptions {
  /**
   * The version that selects MessagePack on the server. Some projects mount it on `2.0.0` instead of JSON.
   *
   * @default "3.0.0"
   */
  vsn?: string | undefined
  /**
   * The form in which this end writes a message: the array of V2, or the map of V1. Both ends read both.
   *
   * @default "array"
   */
  shape?: "array" | "map" | undefined
  /**
   * The serializer of clients that send JSON and expect MessagePack: `json()` or `jsonV1()`. The client encodes with
   * it, and the server decodes text frames with it.
   *
   * @default none: clients send MessagePack
   */
  send?: Serializer | undefined
  /**
   * The serializer of payloads that are bytes: `json()` for Phoenix's binary frames.
   *
   * @default none: such payloads are bytes inside MessagePack
   */
  bytes?: Serializer | undefined
}

// Records are msgpackr's own extension, which no other decoder reads. A cast, because msgpackr's types lack the option
// that omits `undefined`, as JSON does.
const packr = /* @__PURE__ */ new Packr({
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  skipValues: [undefined],
  int64AsType: "number",
  onInvalidDate: () => null,
} as Options)

type Encode = Codec["encode"]

/** Encodes the value that `arrange` builds from a message and its payload, in which all bytes are plain. */
const packed =
  (arrange: (message: Message, payload: unknown) => unknown): Encode =>
  (message) => {
    try {
      return packr.pack(arrange(message, plainBytes(message.payload)))
    } catch (cause) {
      throw new SerializerError("unencodable", "MessagePack cannot carry this payload", "payload", cause)
    }
  }

const packArray = /* @__PURE__ */ packed((message, payload) => {
  const tuple = toNumberedTuple(message)
  tuple[4] = payload
  return tuple
})

/** The map of a client; servers without join_refs ignore that field. */
const packClientMap = /* @__PURE__ */ packed(({ topic, event, ref, join_ref }, payload = null) => ({
  topic,
  event,
  payload,
  ref,
  join_ref: join_ref ?? undefined,
}))

/** The map of a server: only the parts of V1, as its clients expect. */
const packServerMap = /* @__PURE__ */ packed(({ topic, event, ref }, payload = null) => ({
  topic,
  event,
  payload,
  ref,
}))

/** Reads the message in a map. The broadcasts of some servers have no `ref`. */
function fromMap(map: unknown): Message {
  if (typeof map === "object" && map !== null && !("ref" in map)) (map as { ref: null }).ref = null
  return fromObject(map)
}

/** A name as text: some servers write all text as bytes. */
const textOf = (name: unknown, at: string): unknown => (name instanceof Uint8Array ? decodeUtf8(name, at) : name)

function unpack(bytes: Uint8Array, maxWeight?: number): Message {
  const sound = scanMsgpack(bytes, maxWeight)
  let value: unknown
  try {
    value = packr.unpack(sound)
  } catch (cause) {
    throw new SerializerError("bad_frame", "not MessagePack", undefined, cause)
  }
  const message = Array.isArray(value) ? fromTuple(value) : fromMap(value)
  message.join_ref = textOf(message.join_ref, "join_ref") as Ref
  message.ref = textOf(message.ref, "ref") as Ref
  message.topic = textOf(message.topic, "topic") as string
  message.event = textOf(message.event, "event") as string
  return message
}

const asText = (ref: Ref): Ref => (typeof ref === "number" ? String(ref) : ref)
const ownBuffer = (value: unknown): unknown => (value instanceof Uint8Array ? toArrayBuffer(value) : value)

/** Turns refs into strings, because some servers send numbers, and makes a payload of bytes the same as under JSON. */
function unpackForClient(bytes: Uint8Array): Message {
  const message = unpack(bytes)
  message.join_ref = asText(message.join_ref)
  message.ref = asText(message.ref)
  if (message.event === PHX_REPLY) {
    const reply = message.payload as Reply | null
    if (reply?.response instanceof Uint8Array) reply.response = toArrayBuffer(reply.response)
    if (typeof reply?.status === "object") reply.status = textOf(reply.status, "status") as string
    return message
  }
  message.payload = ownBuffer(message.payload)
  // A map has no join_ref; without one, the end of an earlier join would end the current one.
  if (message.event === PHX_CLOSE || message.event === PHX_ERROR) message.join_ref ??= message.ref
  return message
}

/**
 * The array or map of a message begins with at least this byte; binary frames of V2 and gzip begin with a lower one.
 */
const LEAST_CONTAINER = 0x80
const GZIP = 0x1f

const badText = (hint: string): SerializerError =>
  new SerializerError("bad_frame", `text instead of MessagePack; ${hint}`)

/** The error for a frame that begins with neither an array nor a map. */
const badStart = (first: number): SerializerError => {
  const hint = first === GZIP ? "gzip was not inflated by gunzip()" : "the option `bytes` is for binary frames of V2"
  return new SerializerError("bad_frame", `neither an array nor a map; ${hint}`, 0)
}

function clientCodec(pack: Encode, { send, bytes }: MsgpackOptions): Codec {
  const encode = send?.client.encode ?? pack
  return {
    encode: (message) => (bytes && isBytes(message.payload) ? bytes.client.encode(message) : encode(message)),
    decode(frame) {
      if (typeof frame === "string") throw badText("textAsBytes() is for servers that label it as text")
      const view = toUint8Array(frame)
      const first = view[0] as number
      if (!(first < LEAST_CONTAINER)) return unpackForClient(view)
      if (bytes === undefined || first === GZIP) throw badStart(first)
      return bytes.client.decode(view)
    },
  }
}

function serverCodec(pack: Encode, { send, bytes }: MsgpackOptions): Codec {
  return {
    encode: (message) => (bytes && serverBytes(message) ? bytes.server.encode(message) : pack(message)),
    decode(frame, maxWeight, assertLight) {
      if (typeof frame === "string") {
        if (send === undefined) throw badText("the option `send` is for clients that send JSON")
        return send.server.decode(frame, maxWeight, assertLight)
      }
      const view = toUint8Array(frame)
      const first = view[0] as number
      if (!(first < LEAST_CONTAINER)) return unpack(view, maxWeight)
      if (bytes === undefined) throw badStart(first)
      return bytes.server.decode(view, maxWeight, assertLight)
    },
    weigh: (message, bound, weighAs) => weighAs(message, bound, "msgpack"),
  }
}

// One object for all calls, so that two serializers without options compare as equal.
const defaultServer = /* @__PURE__ */ serverCodec(packArray, {})

/**
 * MessagePack in binary frames, with bytes anywhere in a payload. By default a message is the array of V2; the options
 * are for projects whose servers and clients differ. A map's key `__proto__` arrives as `__proto_`, and dates arrive as
 * dates. Outside Node, a text of more than 64 bytes loses a byte order mark that it begins with.
 */
export function msgpack(options: MsgpackOptions = {}): Serializer {
  const { vsn, shape, send, bytes } = options
  const isMap = shape === "map"
  const isDefault = !isMap && !send && !bytes
  return {
    name: "msgpack",
    vsn: vsn ?? VSN_MSGPACK,
    longPoll: false,
    client: clientCodec(isMap ? packClientMap : packArray, options),
    server: isDefault ? defaultServer : serverCodec(isMap ? packServerMap : packArray, options),
  }
}
