import { SerializerError } from "../protocol/errors.js"

/** Deeper than any payload people send, and far from where what recurses runs out of stack. */
export const MAX_DEPTH = 512

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x5b
const CLOSE = 0x5d
/** What turns a bracket into a brace. */
const TO_BRACE = 0x20

/** Throws where the lists and maps of a JSON text are nested too deep, before anything is made of them. */
export function assertShallow(text: string): void {
  // As many have to be closed.
  if (text.length < 2 * MAX_DEPTH) return
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) at = endOfString(text, at)
    else if ((unit & ~TO_BRACE) === OPEN) {
      if (++depth > MAX_DEPTH) throw new SerializerError("bad_frame", `nested deeper than ${MAX_DEPTH}`, at)
    } else if ((unit & ~TO_BRACE) === CLOSE) depth--
  }
}

/** Where a string ends that begins here. */
function endOfString(text: string, start: number): number {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end === -1) return text.length
    let before = end
    while (text.charCodeAt(before - 1) === BACKSLASH) before--
    if ((end - before) % 2 === 0) return end
  }
}
