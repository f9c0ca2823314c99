import type { Chance } from "./random.js"

/** Names that mean something to objects, to promises, to JSON or to Phoenix. */
export const WORDS: readonly string[] = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "toJSON", "then", "length", "hasOwnProperty"],
  ...["topic", "event", "payload", "ref", "join_ref", "status", "response", "recover", "offset", "metas", "phx_ref"],
  ...["phx_join", "phx_reply", "phx_error", "phx_close", "phx_leave", "heartbeat", "phoenix", "presence_state"],
  ...[
    "presence_diff",
    "phx_history",
    "room:1",
    "room:2",
    "1",
    "2",
    "3~abc",
    "",
    "*",
    "e",
    "\u0000",
    "\ufeff",
    "žluť 🐎",
  ],
]

const STRINGS: readonly string[] = [
  ...WORDS.map((word) => JSON.stringify(word)),
  String.raw`"\ud800"`,
  String.raw`"\udc00\ud800"`,
  String.raw`"\ud83d\ude00"`,
  String.raw`"\uDBFF x"`,
  String.raw`"\u0000\u001f\/\b\f"`,
  '"\ud800"',
  '"raw \u2028 \u202e"',
  '"\u001b[31m"',
]
const BROKEN_STRINGS: readonly string[] = [String.raw`"\x"`, String.raw`"\u12"`, '"open', "'single'", '"\n"', "bare"]

const NUMBERS: readonly string[] = [
  ...["0", "-0", "1", "-1", "42", "1.5", "-1.5e-7", "9007199254740991", "9007199254740993", "-9007199254740993"],
  ...["18446744073709551615", "18446744073709551616", "1e308", "1e309", "-1e309", "1e-400", "1E+2", "0.1e1"],
  ...[`1${"0".repeat(310)}`, `0.${"0".repeat(330)}1`],
]
const BROKEN_NUMBERS: readonly string[] = ["01", "1.", ".5", "+1", "0x10", "1e", "NaN", "Infinity", "-", "1n"]

const JUNK: readonly string[] = [
  ",",
  "[",
  "]",
  "{",
  "}",
  ":",
  '"',
  "\\",
  "\u0000",
  "\ufeff",
  "//",
  "undefined",
  " \t\r\n",
]

function stringOf(chance: Chance): string {
  if (chance.happens(0.7)) return chance.of(chance.happens(0.01) ? BROKEN_STRINGS : STRINGS)
  return JSON.stringify(
    String.fromCharCode(...chance.some(chance.happens(0.02) ? 600 : 12, () => chance.below(0x10000))),
  )
}

function valueOf(chance: Chance, depth: number): string {
  const which = chance.below(depth > 5 ? 5 : 9)
  if (which < 2) return stringOf(chance)
  if (which === 2) return chance.of(chance.happens(0.02) ? BROKEN_NUMBERS : NUMBERS)
  if (which === 3) return chance.of(["null", "true", "false"])
  if (which === 4) return chance.happens(0.5) ? "[]" : "{}"
  if (which < 7) return `[${chance.some(4, () => valueOf(chance, depth + 1)).join()}]`
  return objectOf(chance, depth)
}

function objectOf(chance: Chance, depth: number): string {
  return `{${chance.some(5, () => `${stringOf(chance)}:${valueOf(chance, depth + 1)}`).join()}}`
}

/** Nested levels of one kind, closed or not. */
export function deepJson(levels: number, open = "[", close = "]", middle = ""): string {
  return open.repeat(levels) + middle + close.repeat(levels)
}

const DEEP: readonly (readonly [string, string, string])[] = [
  ["[", "]", ""],
  ['{"a":', "}", "1"],
  ['{"__proto__":', "}", "{}"],
  ['[{"toJSON":', "}]", "null"],
]

function payloadOf(chance: Chance): string {
  if (!chance.happens(0.01)) return valueOf(chance, 0)
  const [open, close, middle] = chance.of(DEEP)
  return deepJson(chance.below(400), open, chance.happens(0.9) ? close : "", middle)
}

/** Text in the grammar of V2 and V1, mostly correct, sometimes with parts that the grammar lacks. */
export function jsonInput(chance: Chance): string {
  const parts = ["topic", "event", "payload", "ref", "join_ref"]
  let text: string
  if (chance.happens(0.65)) {
    const count = chance.happens(0.85) ? 5 : chance.below(8)
    const names = Array.from({ length: count }, (_, i) => (i === 4 ? payloadOf(chance) : part(chance)))
    if (chance.happens(0.2)) names.push(chance.of(NUMBERS))
    text = `[${names.join()}]`
  } else if (chance.happens(0.8)) {
    const kept = parts
      .filter(() => chance.happens(0.95))
      .map((name) => `"${name}":${name === "payload" ? payloadOf(chance) : part(chance)}`)
    if (chance.happens(0.2)) kept.push(`${stringOf(chance)}:${valueOf(chance, 2)}`)
    text = `{${kept.join()}}`
  } else {
    text = payloadOf(chance)
  }
  if (!chance.happens(0.15)) return text
  const at = chance.below(text.length + 1)
  return text.slice(0, at) + chance.of(JUNK) + text.slice(at + chance.below(3))
}

const part = (chance: Chance): string => (chance.happens(0.85) ? chance.of(PARTS) : valueOf(chance, 3))
const PARTS: readonly string[] = [
  "null",
  '"1"',
  '"2"',
  "1",
  '"room:1"',
  '"phx_reply"',
  '"phx_join"',
  '"phx_close"',
  '"e"',
]
