const LONGEST = 50_000

const CODE = "#code="
const EXAMPLE = "#example="

/** The fragment of a link that carries code. A browser sends no fragment to the server. */
export function hashOf(code: string): string {
  const bytes = new TextEncoder().encode(code)
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")
  return CODE + btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
}

/** The fragment of a link to an example. */
export const hashOfExample = (id: string): string => EXAMPLE + id

/** The code or the example that a fragment names; `undefined` if it names neither. */
export function readHash(hash: string): { code: string } | { example: string } | undefined {
  if (hash.startsWith(EXAMPLE)) return { example: hash.slice(EXAMPLE.length) }
  if (!hash.startsWith(CODE) || hash.length > LONGEST * 2) return undefined
  try {
    const text = atob(hash.slice(CODE.length).replaceAll("-", "+").replaceAll("_", "/"))
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0))
    return { code: new TextDecoder("utf-8", { fatal: true }).decode(bytes).slice(0, LONGEST) }
  } catch {
    return undefined
  }
}
