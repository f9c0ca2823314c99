import type { PresenceChange } from "../server/api/cluster.js"
import { foreign, readChange, readId, readNumber } from "./records.js"
import { NUMBERED, PLAIN, PRESENCE } from "./scripts.js"
import type { Arrival } from "./topic-order.js"

/** A message on the Redis channel of a topic. */
export type Envelope =
  | { readonly kind: "plain"; readonly node: string; readonly body: Buffer }
  | { readonly kind: "numbered"; readonly epoch: string; readonly message: Arrival<Buffer> }
  | { readonly kind: "presence"; readonly node: string; readonly version: number; readonly change: PresenceChange }

/** A message of this node. */
export const plainEnvelope = (node: string, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([PLAIN]), Buffer.from(`${node}\0`), body])

/** Cuts off the part before the next zero byte. */
function cut(bytes: Buffer, at: number): [text: string, next: number] {
  const end = bytes.indexOf(0, at)
  if (end === -1) throw foreign("a message")
  return [bytes.toString("utf8", at, end), end + 1]
}

/** Reads a received message. */
export function readEnvelope(bytes: Buffer): Envelope {
  const [first, afterFirst] = cut(bytes, 1)
  if (bytes[0] === PLAIN) return { kind: "plain", node: first, body: bytes.subarray(afterFirst) }
  const [second, afterSecond] = cut(bytes, afterFirst)
  const body = bytes.subarray(afterSecond)
  if (bytes[0] === NUMBERED) return { kind: "numbered", epoch: first, message: { ...readId(second), body } }
  if (bytes[0] !== PRESENCE) throw foreign("a message")
  return { kind: "presence", node: first, version: readNumber(second, "a version"), change: readChange(String(body)) }
}
