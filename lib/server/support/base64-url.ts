const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** Encodes bytes in base64url, without padding. */
export function base64UrlOf(bytes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]]
    const word = (a << 16) | (b << 8) | c
    const length = Math.min(4, bytes.length - at + 1)
    for (let digit = 0; digit < length; digit++) text += ALPHABET[(word >> (18 - 6 * digit)) & 63]
  }
  return text
}
