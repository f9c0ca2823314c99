import { base64UrlOf } from "./base64-url.js"

/** The first 32 bits of the fractional parts of the roots of the first primes: FIPS 180-4, 4.2.2 and 5.3.3. */
function fractionsOfRoots(count: number, power: number): Uint32Array {
  const words = new Uint32Array(count)
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let isPrime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) isPrime = false
    if (!isPrime) continue
    const root = candidate ** power
    words[found++] = (root - Math.floor(root)) * 0x1_0000_0000
  }
  return words
}

const ROUND_CONSTANTS = /* @__PURE__ */ fractionsOfRoots(64, 1 / 3)
const INITIAL_STATE = /* @__PURE__ */ fractionsOfRoots(8, 1 / 2)

/** The text's UTF-8, a one bit, zeros, and its length in bits in the last eight bytes of a block. */
function paddedBlocks(text: string): DataView {
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x2000_0000))
  view.setUint32(padded.length - 4, bytes.length << 3)
  return view
}

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits))

function compress(state: Uint32Array, block: DataView, offset: number, schedule: Uint32Array): void {
  const at = (index: number): number => schedule[index] as number
  for (let t = 0; t < 16; t++) schedule[t] = block.getUint32(offset + 4 * t)
  for (let t = 16; t < 64; t++) {
    const [early, late] = [at(t - 15), at(t - 2)]
    const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    schedule[t] = at(t - 16) + sigma0 + at(t - 7) + sigma1
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const one = (h + sum1 + ((e & f) ^ (~e & g)) + (ROUND_CONSTANTS[t] as number) + at(t)) | 0
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const two = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0]
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index] as number) + word
}

/** SHA-256 of the text in UTF-8, as base64url without padding. The web's own one is only available as a promise. */
export function sha256(text: string): string {
  const blocks = paddedBlocks(text)
  const state = INITIAL_STATE.slice()
  const schedule = new Uint32Array(64)
  for (let offset = 0; offset < blocks.byteLength; offset += 64) compress(state, blocks, offset, schedule)
  const digest = new DataView(new ArrayBuffer(32))
  for (const [index, word] of state.entries()) digest.setUint32(4 * index, word)
  return base64UrlOf(new Uint8Array(digest.buffer))
}
