/** The values that count as bytes: a buffer, or any view of one (typed arrays, `DataView`, Node's `Buffer`). */
export type Bytes = ArrayBuffer | ArrayBufferView

/** Whether a payload is bytes, which travel as they are instead of as JSON. */
export function isBytes(value: unknown): value is Bytes {
  // The tag recognizes an ArrayBuffer of another realm (an iframe, a vm context), which instanceof does not.
  const tag = (value as { [Symbol.toStringTag]?: unknown } | null | undefined)?.[Symbol.toStringTag]
  return tag === "ArrayBuffer" || ArrayBuffer.isView(value)
}

/** The same bytes as a `Uint8Array`, without a copy: a view keeps its offset and its length. */
export function toUint8Array(bytes: Bytes): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes
  // A value that is not a view is the buffer itself.
  const { buffer = bytes as ArrayBuffer, byteOffset, byteLength } = bytes as ArrayBufferView
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The same bytes in a buffer of exactly their length: the view's own buffer if it fits, else a copy. */
export function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes
  if (bytes.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) return buffer
  // Not `slice`: that of Node's Buffer is a view, and its buffer the whole pool.
  return new Uint8Array(bytes).buffer
}

/** Concatenates parts. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
