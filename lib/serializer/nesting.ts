import { SerializerError } from "../protocol/errors.js"

/** Deeper than any payload that applications send, and far from the depth at which recursive code runs out of stack. */
export const MAX_DEPTH = 512

/** The error for a value that is nested deeper. */
export const tooDeep = (at: number): SerializerError =>
  new SerializerError("bad_frame", `nested deeper than ${MAX_DEPTH}`, at)

/** Throws if the lists and maps of a JSON text are nested too deep. Called before the text is parsed. */
export function assertShallow(text: string): void {
  // Each opened list or map has to be closed.
  if (text.length < 2 * MAX_DEPTH) return
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === "]" || char === "}") depth--
    else if (char === '"') {
      while (++at < text.length && text[at] !== '"') if (text[at] === "\\") at++
    } else if ((char === "[" || char === "{") && ++depth > MAX_DEPTH) {
      throw tooDeep(at)
    }
  }
}
