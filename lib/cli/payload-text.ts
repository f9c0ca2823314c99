import { toJsonText } from "./json-text.js"
import { escapeControls, type Style, type Styles } from "./terminal-text.js"

/** The longest string of a folded payload, in code units. */
const SHOWN_LETTERS = 40
/** How many levels a folded payload has, the most that fits first. */
const LEVELS = [4, 3, 2, 1]
/** The most levels of an unfolded payload: strangers nest them, and each is a recursive call. */
const MOST_LEVELS = 100

/** Stands for the JSON of a payload that has none. */
const TOO_DEEP = "(nested too deeply to be shown)"

interface Token {
  readonly text: string
  readonly style?: Style
}

const quoted = (text: string): string => escapeControls(JSON.stringify(text))

/** The beginning of a text. Half a pair of surrogates would be shown as an escape. */
const cut = (text: string, letters: number): string =>
  text.length <= letters ? text : `${text.slice(0, letters).replace(/[\ud800-\udbff]$/, "")}…`

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null

const membersOf = (value: object): [key: string | undefined, member: unknown][] =>
  Array.isArray(value) ? value.map((member: unknown) => [undefined, member]) : Object.entries(value)

/** The parts of a value on one line of text. Levels below the last one are shown by the number of their members. */
function* tokensOf(value: unknown, levels: number, letters: number, styles: Styles): Generator<Token> {
  if (typeof value === "string") return yield { text: quoted(cut(value, letters)), style: styles.green }
  if (!isContainer(value)) return yield { text: JSON.stringify(value), style: styles.yellow }
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"]
  const members = membersOf(value)
  if (levels === 0 && members.length > 0) {
    return yield { text: `${open}… ${members.length}${close}`, style: styles.dim }
  }
  yield { text: open }
  for (const [i, [key, member]] of members.entries()) {
    if (i > 0) yield { text: "," }
    if (key !== undefined) {
      yield { text: quoted(cut(key, letters)), style: styles.cyan }
      yield { text: ":" }
    }
    yield* tokensOf(member, levels - 1, letters, styles)
  }
  yield { text: close }
}

/** Tokens as text, up to a width; an ellipsis replaces the rest. */
function fill(tokens: Iterable<Token>, width: number): { text: string; isWhole: boolean } {
  let text = ""
  let left = width
  for (const { text: part, style } of tokens) {
    left -= part.length
    if (left < 0) return { text: `${text}…`, isWhole: false }
    text += style === undefined ? part : style(part)
  }
  return { text, isWhole: true }
}

/** A payload as JSON, in which bytes and maps have become objects. */
export function payloadJson(payload: unknown): string {
  try {
    return toJsonText(payload)
  } catch {
    // A payload that is nested too deep must not end the command.
    return TOO_DEEP
  }
}

/**
 * A payload's JSON on one line of text of about this width: whole if it fits, otherwise with its inner levels folded.
 */
export function foldedPayload(json: string, width: number, styles: Styles): string {
  if (json === TOO_DEEP) return styles.dim(TOO_DEEP)
  const plain: unknown = JSON.parse(json)
  if (json.length <= width) return fill(tokensOf(plain, Infinity, Infinity, styles), Infinity).text
  let shown = ""
  for (const levels of LEVELS) {
    const { text, isWhole } = fill(tokensOf(plain, levels, SHOWN_LETTERS, styles), width)
    shown = text
    if (isWhole) break
  }
  return shown
}

/** A part of a payload, within the parts around it. */
interface Part {
  readonly value: unknown
  readonly indent: string
  /** The name of the part. */
  readonly key: string | undefined
  /** A comma, if another part follows. */
  readonly end: string
  readonly level: number
}

function* rowsOf({ value, indent, key, end, level }: Part, styles: Styles): Generator<string> {
  const head = key === undefined ? indent : `${indent}${styles.cyan(quoted(key))}: `
  if (!isContainer(value) || membersOf(value).length === 0 || level === MOST_LEVELS) {
    return yield `${head}${fill(tokensOf(value, 0, Infinity, styles), Infinity).text}${end}`
  }
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"]
  const members = membersOf(value)
  yield `${head}${open}`
  for (const [i, [inner, member]] of members.entries()) {
    const comma = i === members.length - 1 ? "" : ","
    yield* rowsOf({ value: member, indent: `${indent}  `, key: inner, end: comma, level: level + 1 }, styles)
  }
  yield `${indent}${close}${end}`
}

/** A payload's JSON on as many rows as it needs, up to a maximum. */
export function unfoldedPayload(json: string, most: number, styles: Styles): string[] {
  if (json === TOO_DEEP) return [styles.dim(TOO_DEEP)]
  const plain: unknown = JSON.parse(json)
  const rows: string[] = []
  for (const row of rowsOf({ value: plain, indent: "", key: undefined, end: "", level: 0 }, styles)) {
    if (rows.length === most) return [...rows, styles.dim("…")]
    rows.push(row)
  }
  return rows
}
