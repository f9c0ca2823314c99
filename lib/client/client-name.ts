/**
 * Creates the name of a client, with which its push ids begin: 128 random bits. It is the only thing by which the
 * server knows an anonymous client, so it must not be guessable. The output of `Math.random` is: its next and previous
 * numbers can be computed from a few others, which a page may reveal. It is the fallback for platforms without a secure
 * source, such as React Native.
 */
export function clientName(random?: (() => number) | null): string {
  const parts = new Uint32Array(4)
  const source = globalThis.crypto as Crypto | undefined
  if (source && !random) return source.getRandomValues(parts).join(".")
  return parts.map(() => (random ?? Math.random)() * 2 ** 32).join(".")
}
