import type { Parts } from "./ref-pairs.js"

const PUSH = 0
const REPLY = 1
const BROADCAST = 2

/** Reads a client's binary frame: `00 jl rl tl el` join_ref ref topic event data. */
export function readBinaryPush(frame: ArrayBuffer): Parts {
  const bytes = new Uint8Array(frame)
  const lengths = bytes.subarray(1, 5)
  let at = 5
  const fields = [...lengths].map((length) => new TextDecoder().decode(bytes.subarray(at, (at += length))))
  const [joinRef = "", ref = "", topic = "", event = ""] = fields
  return [joinRef, ref, topic, event, frame.slice(at)]
}

/** `01 jl rl tl sl` join_ref ref topic status data */
export function binaryReply(
  joinRef: string,
  ref: string,
  topic: string,
  status: string,
  data: ArrayBuffer,
): ArrayBuffer {
  return binaryFrame(REPLY, [joinRef, ref, topic, status], data)
}

/** `00 jl tl el` join_ref topic event data */
export function binaryServerPush(joinRef: string, topic: string, event: string, data: ArrayBuffer): ArrayBuffer {
  return binaryFrame(PUSH, [joinRef, topic, event], data)
}

/** `02 tl el` topic event data */
export function binaryBroadcast(topic: string, event: string, data: ArrayBuffer): ArrayBuffer {
  return binaryFrame(BROADCAST, [topic, event], data)
}

function binaryFrame(kind: number, fields: string[], data: ArrayBuffer): ArrayBuffer {
  const encoded = fields.map((field) => new TextEncoder().encode(field))
  const lengths = encoded.map(({ length }) => length)
  return new Uint8Array([kind, ...lengths, ...encoded.flatMap((field) => [...field]), ...new Uint8Array(data)]).buffer
}
