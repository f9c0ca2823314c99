import { isBytes } from "../protocol/bytes.js"
import { SerializerError } from "../protocol/errors.js"
import { PHX_CLOSE, PHX_ERROR } from "../protocol/events.js"
import type { Message, Ref } from "../protocol/message.js"
import { VSN_V1 } from "../protocol/vsn.js"
import { serverBytes } from "./binary-frames.js"
import { parseJson, parseStrictJson, stringifyJson, toText } from "./decode-text.js"
import type { Serializer } from "./serializer.js"

const PARTS = ["topic", "event", "payload", "ref"]

/** The message in an object of V1. */
export function fromObject(object: unknown): Message {
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    throw new SerializerError("bad_frame", "not an object")
  }
  for (const part of PARTS) {
    if (!Object.hasOwn(object, part)) throw new SerializerError("bad_frame", `no ${part} in the object`, part)
  }
  const { topic, event, payload, ref, join_ref = null } = object as Message & { join_ref?: Ref }
  return { join_ref, ref, topic, event, payload }
}

const noBytes = (): SerializerError => new SerializerError("unencodable", "V1 carries no bytes; use json()", "payload")

/**
 * Phoenix's V1: one JSON object per frame. For servers older than V2, and for those that select it if a client names no
 * version. The server's frames carry no join_ref, and nothing carries bytes.
 */
export function jsonV1(): Serializer {
  return {
    name: "json-v1",
    vsn: VSN_V1,
    longPoll: true,
    client: {
      encode({ topic, event, payload, ref, join_ref }) {
        if (isBytes(payload)) throw noBytes()
        return stringifyJson({ topic, event, payload: payload ?? null, ref, join_ref: join_ref ?? undefined })
      },
      decode(frame) {
        const message = fromObject(parseJson(toText(frame)))
        const { event, ref } = message
        // `phx_close` and `phx_error` carry the join's ref, so that the end of an earlier join does not end the current
        // one.
        return event === PHX_CLOSE || event === PHX_ERROR ? { ...message, join_ref: ref } : message
      },
    },
    server: {
      encode(message) {
        if (serverBytes(message) !== undefined) throw noBytes()
        const { topic, event, payload, ref } = message
        return stringifyJson({ topic, event, payload: payload ?? null, ref })
      },
      decode: (frame, maxWeight, assertLight) => fromObject(parseStrictJson(toText(frame), maxWeight, assertLight)),
    },
  }
}
