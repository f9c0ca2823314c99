/**
 * Characters that control a terminal or hide text: control characters (escape sequences begin with one), line and
 * paragraph separators, marks that turn the direction of a line, invisible tags. The joiners that emoji and some
 * scripts are written with stay.
 */
const STEERING =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" }

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Text that a terminal only shows, on one line. The escapes are those of JSON, so that JSON stays JSON. */
export function escapeControls(text: string): string {
  return text.replace(STEERING, (found) => SHORT[found] ?? found.split("").map(escapeUnit).join(""))
}

/** A style, such as a colour: returns the text in that style. */
export type Style = (text: string) => string

/** The styles that the command uses. */
export interface Styles {
  readonly bold: Style
  readonly dim: Style
  readonly cyan: Style
  readonly green: Style
  readonly red: Style
  readonly yellow: Style
  /** The colour of a person, which stays the same if the name changes. */
  person(id: string): Style
}

const PLAIN: Styles = { bold: same, dim: same, cyan: same, green: same, red: same, yellow: same, person: () => same }

function same(text: string): string {
  return text
}

const styled =
  (on: number, off: number): Style =>
  (text) =>
    `\u001b[${on}m${text}\u001b[${off}m`

/** Cyan, magenta, yellow, blue and green: these are readable on light and on dark terminals. */
const OF_PEOPLE = [36, 35, 33, 34, 32].flatMap((colour) => {
  const plain = styled(colour, 39)
  const bold = styled(1, 22)
  return [plain, (text: string) => bold(plain(text))]
})

function ofPerson(id: string): Style {
  let hash = 0
  for (const letter of id) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0
  return OF_PEOPLE[hash % OF_PEOPLE.length] ?? same
}

const COLOURED: Styles = {
  bold: styled(1, 22),
  dim: styled(2, 22),
  cyan: styled(36, 39),
  green: styled(32, 39),
  red: styled(31, 39),
  yellow: styled(33, 39),
  person: ofPerson,
}

/** Colours on a terminal, unless NO_COLOR or a dumb terminal says otherwise; nothing in a pipe. */
export function stylesFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Styles {
  return stream.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb" ? COLOURED : PLAIN
}
