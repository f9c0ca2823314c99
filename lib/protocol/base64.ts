// A call takes only so many arguments; 32 KiB is far below the limit of every engine.
const CHUNK = 0x8000

/** Bytes as base64, padded, in the plain alphabet. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ""
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(binary)
}
