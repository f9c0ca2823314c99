import { json, type Serializer } from "rookery/server"

/** What a broadcast of Supabase's carries: the user's event and payload, within an event called `broadcast`. */
export interface UserBroadcast {
  type: "broadcast"
  event: string
  payload: unknown
  meta?: object
}

const BROADCAST = "broadcast"
const PUSH_KIND = 3
const BROADCAST_KIND = 4
const PUSH_FIELDS = 5
const BYTES = 0
const JSON_TEXT = 1

const isBytes = (payload: unknown): payload is Uint8Array => payload instanceof Uint8Array

/** `03` and the lengths of join_ref, ref, topic, event, meta; the encoding; the five; the payload. */
function readPush(frame: Uint8Array): ReturnType<Serializer["server"]["decode"]> {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  let at = 2 + PUSH_FIELDS
  const fields = [...bytes.subarray(1, 1 + PUSH_FIELDS)].map((length) => bytes.toString("utf8", at, (at += length)))
  const [join_ref = "", ref = "", topic = "", event = "", meta = ""] = fields
  const data = bytes.subarray(at)
  const payload: unknown = bytes[1 + PUSH_FIELDS] === JSON_TEXT ? JSON.parse(data.toString()) : Uint8Array.from(data)
  const more = meta === "" ? {} : { meta: JSON.parse(meta) as object }
  return { join_ref, ref, topic, event: BROADCAST, payload: { type: BROADCAST, event, payload, ...more } }
}

/** `04` and the lengths of topic, event, meta; the encoding; the three; the payload. */
function writeBroadcast(topic: string, { event, payload, meta }: UserBroadcast): Uint8Array {
  const fields = [topic, event, meta === undefined ? "" : JSON.stringify(meta)].map((text) => Buffer.from(text))
  return Buffer.concat([
    Uint8Array.of(BROADCAST_KIND, ...fields.map(({ length }) => length), isBytes(payload) ? BYTES : JSON_TEXT),
    ...fields,
    isBytes(payload) ? payload : Buffer.from(JSON.stringify(payload ?? {})),
  ])
}

const isUserBroadcast = (payload: unknown): payload is UserBroadcast =>
  (payload as Partial<UserBroadcast> | null)?.type === BROADCAST

/** V2 as Supabase speaks it: two kinds of binary frames more, for what users broadcast. */
export function supabaseJson(): Serializer {
  const { server, ...rest } = json()
  return {
    ...rest,
    name: "supabase-json",
    server: {
      encode(message) {
        const { event, topic, payload } = message
        return event === BROADCAST && isUserBroadcast(payload) ? writeBroadcast(topic, payload) : server.encode(message)
      },
      decode(frame) {
        const bytes = typeof frame === "string" ? undefined : new Uint8Array(frame as Uint8Array)
        return bytes?.[0] === PUSH_KIND ? readPush(bytes) : server.decode(frame)
      },
    },
  }
}
