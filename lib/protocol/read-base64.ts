import { decodeBase64 } from "./base64.js"

const BASE64 = /^[A-Za-z0-9+/\-_]*={0,2}$/

/** Decodes base64 in either alphabet, padded or not; `undefined` if the text is not base64. */
export function readBase64(text: string): Uint8Array | undefined {
  if (!BASE64.test(text)) return undefined
  const plain = text
    .replace(/={1,2}$/, "")
    .replace(/-/g, "+")
    .replace(/_/g, "/")
  if (plain.length % 4 === 1) return undefined
  return decodeBase64(plain)
}
