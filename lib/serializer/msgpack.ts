import { Packr, type Options } from "msgpackr"
import { toArrayBuffer, toUint8Array } from "../protocol/bytes.js"
import { SerializerError } from "../protocol/errors.js"
import { PHX_REPLY } from "../protocol/events.js"
import type { Message, Ref, Reply } from "../protocol/message.js"
import { VSN_MSGPACK } from "../protocol/vsn.js"
import { weigh } from "../protocol/weight.js"
import { fromTuple, toNumberedTuple } from "./json.js"
import { scanMsgpack } from "./msgpack-scan.js"
import { plainBytes } from "./plain-bytes.js"
import type { Codec, Frame, IncomingFrame, Serializer } from "./serializer.js"

/** Options of {@link msgpack}. */
export interface MsgpackOptions {
  /**
   * The version that picks MessagePack on the server. Some projects mount it on `2.0.0` instead of JSON.
   *
   * @default "3.0.0"
   */
  vsn?: string | undefined
}

// Records are msgpackr's own extension: no other decoder reads them.
// Cast: the option that leaves out `undefined`, as JSON does, is missing in its types.
const packr = /* @__PURE__ */ new Packr({
  useRecords: false,
  variableMapSize: true,
  encodeUndefinedAsNil: true,
  skipValues: [undefined],
  int64AsType: "number",
  onInvalidDate: () => null,
} as Options)

function encode(message: Message): Frame {
  try {
    const tuple = toNumberedTuple(message)
    tuple[4] = plainBytes(tuple[4])
    return packr.pack(tuple)
  } catch (cause) {
    throw new SerializerError("unencodable", "MessagePack cannot carry this payload", "payload", cause)
  }
}

function decode(frame: IncomingFrame, maxWeight?: number): Message {
  if (typeof frame === "string") throw new SerializerError("bad_frame", "text instead of MessagePack")
  const bytes = toUint8Array(frame)
  scanMsgpack(bytes, maxWeight)
  try {
    return fromTuple(packr.unpack(bytes))
  } catch (cause) {
    if (cause instanceof SerializerError) throw cause
    throw new SerializerError("bad_frame", "not MessagePack", undefined, cause)
  }
}

const asText = (ref: Ref): Ref => (typeof ref === "number" ? String(ref) : ref)
const ownBuffer = (value: unknown): unknown => (value instanceof Uint8Array ? toArrayBuffer(value) : value)

/** Makes refs strings, as some servers send numbers, and a payload of bytes the same as under JSON. */
function decodeForClient(frame: IncomingFrame): Message {
  const message = decode(frame)
  message.join_ref = asText(message.join_ref)
  message.ref = asText(message.ref)
  if (message.event === PHX_REPLY) {
    const reply = message.payload as Reply | null
    if (reply?.response instanceof Uint8Array) reply.response = toArrayBuffer(reply.response)
  } else {
    message.payload = ownBuffer(message.payload)
  }
  return message
}

// One object for all calls, so that two serializers of the same version compare as equal.
const server: Codec = {
  encode,
  decode,
  weigh: (message, bound) => weigh(message, bound, "msgpack"),
}

/**
 * MessagePack: the array of V2 in one binary frame, with bytes anywhere in a payload. A map's key `__proto__` arrives as
 * `__proto_`, and dates arrive as dates. Outside Node, a text of more than 64 bytes loses a byte order mark that it
 * begins with.
 */
export function msgpack(options: MsgpackOptions = {}): Serializer {
  return {
    name: "msgpack",
    vsn: options.vsn ?? VSN_MSGPACK,
    longPoll: false,
    client: { encode, decode: decodeForClient },
    server,
  }
}
