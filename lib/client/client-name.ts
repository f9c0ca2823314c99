/**
 * Makes the name of a client, which its push ids begin with: 128 random bits. To the server an anonymous client is
 * known by nothing else, so the name must not be guessed. `Math.random` can be: its next and last numbers follow from a
 * few others, which a page may show. It is the resort of platforms that have nothing better, as React Native.
 */
export function clientName(random?: (() => number) | null): string {
  const parts = new Uint32Array(4)
  const source = globalThis.crypto as Crypto | undefined
  if (source && !random) return source.getRandomValues(parts).join(".")
  return parts.map(() => (random ?? Math.random)() * 2 ** 32).join(".")
}
