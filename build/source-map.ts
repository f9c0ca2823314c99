/** A position in a text, counted from zero as in source maps. */
export interface Place {
  readonly line: number
  readonly character: number
}

/** A position in a generated file, and the position in the source that it comes from. */
export interface Mapping {
  readonly made: Place
  readonly source: string
  readonly original: Place
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** A number as source maps write it, in base64 VLQ: five bits a digit, the lowest first, the sign as the lowest bit. */
function digitsOf(number: number): string {
  let left = number < 0 ? (-number << 1) | 1 : number << 1
  let digits = ""
  do {
    const more = left > 31 ? 32 : 0
    digits += DIGITS[(left & 31) | more]
    left >>>= 5
  } while (left > 0)
  return digits
}

/** The text of a source map. */
export function sourceMapOf(file: string, mappings: readonly Mapping[]): string {
  const sorted = [...mappings].sort((a, b) => a.made.line - b.made.line || a.made.character - b.made.character)
  const sources = [...new Set(sorted.map(({ source }) => source))]
  const lines: string[][] = []
  let [column, source, line, character] = [0, 0, 0, 0]
  for (const { made, original, source: name } of sorted) {
    while (lines.length <= made.line) {
      lines.push([])
      column = 0
    }
    const at = sources.indexOf(name)
    const steps = [made.character - column, at - source, original.line - line, original.character - character]
    lines[made.line]?.push(steps.map(digitsOf).join(""))
    ;[column, source, line, character] = [made.character, at, original.line, original.character]
  }
  const encoded = lines.map((segments) => segments.join(",")).join(";")
  return JSON.stringify({ version: 3, file, sources, names: [], mappings: encoded })
}
