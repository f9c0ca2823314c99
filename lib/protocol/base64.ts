/** Bytes as text, one character per byte. */
export function toBinaryString(bytes: Uint8Array): string {
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return binary
}

/** Bytes as base64, padded, in the plain alphabet. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(toBinaryString(bytes))
}

/** Decodes base64 in the plain alphabet. Throws if the text is not base64. */
export function decodeBase64(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
