import { escapeControls } from "./terminal-text.js"

function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined
}

/** Bytes in base64. */
export const base64Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")

/**
 * A payload as one line of JSON that cannot control a terminal. Values that JSON cannot express: bytes are
 * `{"$bytes":"<base64>"}`, big integers are text.
 */
export function toJsonText(value: unknown): string {
  const text = JSON.stringify(value ?? null, function (this: Record<string, unknown>, key, written: unknown) {
    // Read from the holder, because a Buffer has its own `toJSON`.
    const bytes = asBytes(this[key])
    if (bytes !== undefined) return { $bytes: base64Of(bytes) }
    if (written instanceof Map) return Object.fromEntries(written)
    if (written instanceof Set) return [...written]
    return typeof written === "bigint" ? String(written) : written
  })
  return escapeControls(text)
}
