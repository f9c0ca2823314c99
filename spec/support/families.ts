import type { FamilyOptions } from "../../fixtures/families.js"
import { jsonV1 } from "../../lib/serializer/json-v1.js"
import { json } from "../../lib/serializer/json.js"
import { msgpack } from "../../lib/serializer/msgpack.js"
import type { Serializer } from "../../lib/serializer/serializer.js"

const BY_NAME = { json: json(), "json-v1": jsonV1() } as const

/** The serializer for a family. */
export const familySerializer = ({ shape, send, bytes }: FamilyOptions, vsn?: string): Serializer =>
  msgpack({ vsn, shape, send: send && BY_NAME[send], bytes: bytes && BY_NAME[bytes] })
