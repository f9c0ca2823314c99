import { isBytes } from "../../protocol/bytes.js"
import type { Serializer } from "../../serializer/serializer.js"

const known = new WeakMap<Serializer, boolean>()

function probe({ server, client }: Serializer): boolean {
  const message = { join_ref: null, ref: null, topic: "probe", event: "probe", payload: { bytes: Uint8Array.of(1) } }
  try {
    const { payload } = client.decode(server.encode(message))
    return isBytes((payload as { bytes?: unknown } | null)?.bytes)
  } catch {
    return false
  }
}

/**
 * Whether a serializer carries bytes that are a part of a payload, as MessagePack does. JSON carries bytes only as a whole
 * payload, and writes a part as a record of numbers. Tried once, because a serializer may be the application's own.
 */
export function carriesBytesWithin(serializer: Serializer): boolean {
  let carries = known.get(serializer)
  if (carries === undefined) known.set(serializer, (carries = probe(serializer)))
  return carries
}
