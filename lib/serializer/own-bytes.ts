/**
 * Copies bytes in a decoded message that are a small part of a larger buffer, so that a waiting push of one byte does
 * not keep its whole packet in memory. Searches only plain lists and maps, because codecs create no others.
 */
export function ownBytes(message: object): void {
  const pending: object[] = [message]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const container = next as Record<string, unknown>
    if (Array.isArray(next)) {
      for (const [index, value] of next.entries()) ownMember(container, String(index), value, pending)
    } else for (const key in container) ownMember(container, key, container[key], pending)
  }
}

function ownMember(container: Record<string, unknown>, key: string, value: unknown, pending: object[]): void {
  if (typeof value !== "object" || value === null) return
  if (!ArrayBuffer.isView(value)) pending.push(value)
  else if (value instanceof Uint8Array) {
    const own = ownView(value)
    if (own !== value) container[key] = own
  }
}

/** Bytes themselves, or a copy of those that are a small part of a larger buffer. */
export const ownView = (bytes: Uint8Array): Uint8Array =>
  2 * bytes.byteLength < bytes.buffer.byteLength ? Uint8Array.prototype.slice.call(bytes) : bytes
