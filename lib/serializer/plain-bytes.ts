import { isBytes, toUint8Array } from "../protocol/bytes.js"

/**
 * Replaces views of bytes other than `Uint8Array`, which msgpackr would write element by element, with plain bytes. A
 * payload without any is returned unchanged, not copied.
 */
export function plainBytes(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return plainList(value)
  // Checked first: most payloads are plain, and looking for bytes costs more than this check.
  if (Object.getPrototypeOf(value) === Object.prototype) return plainRecord(value as Record<string, unknown>)
  if (isBytes(value)) return toUint8Array(value)
  // msgpackr handles dates, maps and sets itself; class instances and objects without a prototype are treated as
  // records.
  return TAG.call(value) === "[object Object]" ? plainRecord(value as Record<string, unknown>) : value
}

const TAG = Object.prototype.toString

function plainList(list: unknown[]): unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < list.length; i++) {
    const inner = list[i]
    const plain = plainBytes(inner)
    if (plain !== inner) (copy ??= list.slice())[i] = plain
  }
  return copy ?? list
}

function plainRecord(record: Record<string, unknown>): unknown {
  const { toJSON } = record
  if (typeof toJSON === "function") return plainBytes(toJSON.call(record))
  let copy: Record<string, unknown> | undefined
  for (const key in record) {
    const inner = record[key]
    if (typeof inner !== "object") continue
    const plain = plainBytes(inner)
    if (plain !== inner) (copy ??= { ...record })[key] = plain
  }
  // msgpackr would call a `toJSON` that is just a key of a payload.
  if (toJSON && record.constructor !== Object) return new Map(Object.entries(copy ?? record))
  return copy ?? record
}
