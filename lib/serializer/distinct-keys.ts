/** The weight of the first use of a key in a message: it takes V8 as long as this many bytes of objects. */
const NEW_KEY = 512

const HALF = 16
const LOW_BITS = 0xffff
const WORDS = 2048
const PRIME = 0x01000193

/** The hash of an empty key. */
export const HASH_SEED = 0x811c9dc5

/** Adds a character, or a byte, to a hash. */
export const hashWith = (hash: number, code: number): number => Math.imul(hash ^ code, PRIME)

/** Counts the different keys of a message without storing them, with one bit for each hash. */
export class DistinctKeys {
  readonly #bits = new Int32Array(WORDS)

  /** The weight of a key. */
  weightOf(hash: number): number {
    const bit = (hash ^ (hash >>> HALF)) & LOW_BITS
    const mask = 1 << (bit & 31)
    const word = this.#bits[bit >>> 5] as number
    if ((word & mask) !== 0) return 0
    this.#bits[bit >>> 5] = word | mask
    return NEW_KEY
  }
}
