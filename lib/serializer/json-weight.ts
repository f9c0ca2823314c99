import { DistinctKeys, HASH_SEED, hashWith } from "./distinct-keys.js"
import { assertShallow, MAX_DEPTH, tooDeep } from "./nesting.js"
import { tooHeavy } from "./too-heavy.js"

/** A text of at most this many characters stays below any sensible weight, and is parsed quickly. */
const LITTLE = 16_384

// Bytes of memory, as the weight of a decoded message is measured; for lists and maps with their slot.
const SLOT = 8
const MAP = 56
const LIST = 48
const STRING = 16
/** V8 shares one copy among equal strings shorter than this. */
const SHARED_LENGTH = 10
/**
 * A map with one index as its key: V8 keeps a slot for each lower index, up to about thirty, and beyond that a hash
 * table.
 */
const SMALL_INDEX = 280
const LARGE_INDEX = 144

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_MAP = 0x7b
const CLOSE_MAP = 0x7d
const SPACE = 0x20

/** The index of the quote that closes a string, or the end of the text. */
function endOfString(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let first = end
    while (text.charCodeAt(first - 1) === BACKSLASH) first--
    if ((end - first) % 2 === 0) return end
  }
  return text.length
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39

function hashOf(text: string, begin: number, end: number): number {
  let hash = HASH_SEED
  for (let at = begin; at < end; at++) hash = hashWith(hash, text.charCodeAt(at))
  return hash
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end + 1
  while (text.charCodeAt(at) <= SPACE) at++
  return text.charCodeAt(at) === COLON
}

/**
 * Throws if a JSON text is nested too deep, or would take more than `maxWeight` bytes in memory. Called before the text is
 * parsed, because a megabyte of empty maps becomes twenty megabytes, and takes as much time.
 */
export function assertLight(text: string, maxWeight: number): void {
  if (text.length <= LITTLE || maxWeight === Infinity) return assertShallow(text)
  const keys = new DistinctKeys()
  let depth = 0
  let weight = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === COMMA) weight += SLOT
    else if (code === QUOTE) {
      const end = endOfString(text, at)
      if (isFollowedByColon(text, end)) {
        weight += keys.weightOf(hashOf(text, at + 1, end))
        if (isDigit(text.charCodeAt(at + 1))) weight += end - at <= 3 ? SMALL_INDEX : LARGE_INDEX
      } else if (end - at > SHARED_LENGTH + 1) weight += STRING + end - at
      at = end
    } else if (code === CLOSE_LIST || code === CLOSE_MAP) depth--
    else if (code === OPEN_LIST || code === OPEN_MAP) {
      if (++depth > MAX_DEPTH) throw tooDeep(at)
      weight += code === OPEN_MAP ? MAP : LIST
    } else continue
    if (weight > maxWeight) throw tooHeavy(maxWeight)
  }
}
