/**
 * Makes the name of a client, which its push ids begin with: 128 random bits. To the server an anonymous client is
 * known by nothing else, so the name must not be guessed. `Math.random` can be: its next and last numbers follow from a
 * few others, which a page may show. It is the resort of platforms that have nothing better, as React Native.
 */
export function clientName(random?: () => number): string {
  const bytes = new Uint8Array(16)
  const source = globalThis.crypto as Crypto | undefined
  if (random === undefined && source !== undefined) source.getRandomValues(bytes)
  else for (const i of bytes.keys()) bytes[i] = (random ?? Math.random)() * 256
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
