import { SerializerError } from "../protocol/errors.js"
import { assertShallow } from "../serializer/nesting.js"
import type { PresenceChange, PresenceRecord } from "../server/api/cluster.js"

// Data in Redis may come from a node of this or another version, or from anyone with the password. Invalid records are
// rejected here, before they take effect in part.

/** The error for a record that no node of this cluster wrote. */
export const foreign = (what: string): SerializerError =>
  new SerializerError("bad_frame", `${what} in Redis is not from this cluster; does another program use its prefix?`)

/** Whether the text is a non-negative safe integer in digits. */
export const isNumber = (digits: string): boolean => /^\d+$/.test(digits) && Number.isSafeInteger(Number(digits))

/** Parses a non-negative integer; throws if the text is not one. */
export function readNumber(digits: string, what: string): number {
  if (!isNumber(digits)) throw foreign(what)
  return Number(digits)
}

/** The id of a message in its stream: its offset, and the time at which it was appended. */
export function readId(id: string): { offset: number; at: number } {
  const dash = id.indexOf("-")
  return { offset: readNumber(id.slice(0, dash), "an offset"), at: readNumber(id.slice(dash + 1), "a time") }
}

/** The value of a JSON text; `undefined` if it is not valid. */
function parse(json: string): unknown {
  // A cheap check first, because a thrown error costs more than the rest of this function.
  if (!json.startsWith("{")) return undefined
  try {
    assertShallow(json)
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is PresenceRecord {
  const { ref, key, meta } = (value ?? {}) as Partial<PresenceRecord>
  if (typeof ref !== "string" || typeof key !== "string" || typeof meta !== "object" || meta === null) return false
  // The ref is needed to find and remove the presence.
  return !Array.isArray(meta) && meta["phx_ref"] === ref
}

/** Reads one presence; `undefined` if it is invalid. */
export function readRecord(json: string): PresenceRecord | undefined {
  const record = parse(json)
  return isRecord(record) ? record : undefined
}

/** A change of the presences of a topic. */
export function readChange(json: string): PresenceChange {
  const { joins, leaves } = (parse(json) ?? {}) as { joins?: unknown; leaves?: unknown }
  // Lua writes an empty list as an object.
  const none = (list: unknown): boolean => typeof list === "object" && list !== null && Object.keys(list).length === 0
  const joined = none(joins) ? [] : joins
  const left = none(leaves) ? [] : leaves
  if (!Array.isArray(joined) || !Array.isArray(left)) throw foreign("a change of presences")
  if (!joined.every(isRecord) || !left.every((ref) => typeof ref === "string")) throw foreign("a change of presences")
  return { joins: joined, leaves: left }
}
