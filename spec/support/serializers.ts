import { toUint8Array, isBytes } from "../../lib/protocol/bytes.js"
import type { Message } from "../../lib/protocol/message.js"
import { jsonV1 } from "../../lib/serializer/json-v1.js"
import { json } from "../../lib/serializer/json.js"
import { msgpack } from "../../lib/serializer/msgpack.js"
import { supabase } from "../../lib/serializer/supabase.js"
import type { Serializer } from "../../lib/serializer/serializer.js"

/** Every serializer, by name. */
export const SERIALIZERS = {
  json: json(),
  "json-v1": jsonV1(),
  msgpack: msgpack(),
  "msgpack-map": msgpack({ shape: "map" }),
  "msgpack-v2": msgpack({ bytes: json() }),
  "msgpack-json": msgpack({ send: json(), bytes: json() }),
  supabase: supabase(),
} satisfies Record<string, Serializer>

export type SerializerName = keyof typeof SERIALIZERS

/** The serializer that a Phoenix server picks for a vsn; without a vsn it is that of 1.0.0. */
export function serializerByVsn(vsn: string | null): SerializerName {
  if (vsn === null || vsn.startsWith("1.")) return "json-v1"
  return vsn.startsWith("3.") ? "msgpack" : "json"
}

/** The same value with every kind of bytes as `Uint8Array`, to compare by meaning. */
export function withPlainBytes(value: unknown): unknown {
  if (isBytes(value)) return Uint8Array.from(toUint8Array(value))
  if (Array.isArray(value)) return value.map(withPlainBytes)
  if (typeof value !== "object" || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withPlainBytes(inner)]))
}

/** A message to compare by meaning. */
export const meaningOf = (message: Message): unknown => withPlainBytes(message)
