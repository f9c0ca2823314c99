/** A generator of numbers from 0 to 1 that gives the same ones in every run (mulberry32). */
export function seeded(seed = 0x5eed): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A random element; all are equally likely. */
export function draw<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T
}
