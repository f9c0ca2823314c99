import { isBytes, toUint8Array } from "../protocol/bytes.js"
import { SerializerError } from "../protocol/errors.js"
import type { Message, Ref } from "../protocol/message.js"
import { VSN_V2 } from "../protocol/vsn.js"
import {
  decodeClientPush,
  decodeServerMessage,
  encodeClientPush,
  encodeServerMessage,
  serverBytes,
} from "./binary-frames.js"
import { parseJson, parseStrictJson, stringifyJson } from "./decode-text.js"
import type { ClientSerializer, Codec, Serializer } from "./serializer.js"

/** The array of V2 and MessagePack. */
export const toTuple = ({ join_ref, ref, topic, event, payload }: Message): unknown[] => [
  join_ref,
  ref,
  topic,
  event,
  payload,
]

/** The same from a server: the offset follows the payload, where other clients ignore it. */
export function toNumberedTuple(message: Message): unknown[] {
  const tuple = toTuple(message)
  if (message.offset !== undefined) tuple.push(message.offset)
  return tuple
}

/** The message in such an array. */
export function fromTuple(tuple: unknown): Message {
  if (!Array.isArray(tuple) || tuple.length < 5) throw new SerializerError("bad_frame", "not an array of five")
  // By index: this runs for every message, and destructuring would use an iterator.
  const message: Message = {
    join_ref: tuple[0] as Ref,
    ref: tuple[1] as Ref,
    topic: tuple[2] as string,
    event: tuple[3] as string,
    payload: tuple[4] as unknown,
  }
  if (typeof tuple[5] === "number") message.offset = tuple[5]
  return message
}

/** The client's half of {@link json}, so that a page's bundle does not include the server's. */
export const jsonForClient: ClientSerializer = {
  name: "json",
  vsn: VSN_V2,
  longPoll: true,
  client: {
    encode: (message) =>
      isBytes(message.payload) ? encodeClientPush(message, message.payload) : stringifyJson(toTuple(message)),
    decode: (frame) =>
      typeof frame === "string" ? fromTuple(parseJson(frame)) : decodeServerMessage(toUint8Array(frame)),
  },
}

const server: Codec = {
  encode(message) {
    const bytes = serverBytes(message)
    return bytes === undefined ? stringifyJson(toNumberedTuple(message)) : encodeServerMessage(message, bytes)
  },
  decode: (frame, maxWeight, assertLight) =>
    typeof frame === "string"
      ? fromTuple(parseStrictJson(frame, maxWeight, assertLight))
      : decodeClientPush(toUint8Array(frame)),
}

/**
 * Phoenix's V2, the default: `[join_ref, ref, topic, event, payload]` as JSON text, and a binary frame if the payload
 * is bytes. Bytes inside a payload need `msgpack()`, because JSON cannot carry them.
 */
export function json(): Serializer {
  return { ...jsonForClient, server }
}
