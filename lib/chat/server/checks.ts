import { MAX_CONTENT } from "../topics.js"

const MAX_EMAIL = 254
const MAX_NAME = 50

// One address and nothing else: no spaces, no line breaks, no list, no comment. Only a mail can show whether it exists.
const EMAIL = /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u
// No capitals, because two rooms whose names differ only in case would be mistaken for each other.
const ROOM = /^[\p{Ll}\p{Lo}\p{N}][\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_-]{0,63}$/u
// Control characters, and characters that change the direction of the text after them.
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u
// A message may have line breaks and tabs, but no other control characters.
const UNSAFE_IN_CONTENT = /(?![\n\t])[\p{Cc}\p{Cs}]/u
// At least one visible character: joiners and fillers alone would show an empty name.
const VISIBLE = /(?![\u115f\u1160\u3164\uffa0])[\p{L}\p{N}\p{P}\p{S}]/u

/** Normalizes an e-mail address; `undefined` if it is invalid. */
export function readEmail(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > 2 * MAX_EMAIL) return undefined
  const email = text.trim().toLowerCase().normalize("NFC")
  return email.length <= MAX_EMAIL && EMAIL.test(email) && !email.includes("..") ? email : undefined
}

/** Whether a text is a valid name of a room. */
export const isRoomName = (name: string): boolean => ROOM.test(name) && name === name.normalize("NFC")

/** Normalizes a display name; `null` for none, `undefined` if it is invalid. */
export function readDisplayName(text: unknown): string | null | undefined {
  if (text === null) return null
  // Checked before the text is normalized: a composed character comes from at most eight code units.
  if (typeof text !== "string" || text.length > 8 * MAX_NAME) return undefined
  const name = text.normalize("NFC").trim()
  return VISIBLE.test(name) && [...name].length <= MAX_NAME && !UNSAFE.test(name) ? name : undefined
}

/** Normalizes the content of a message; an HTTP status if it is invalid. */
export function readContent(text: unknown): string | 400 | 413 {
  if (typeof text !== "string") return 400
  // Checked before the text is normalized: a character has at most two code units, and a line break may be two
  // characters.
  if (text.length > 4 * MAX_CONTENT) return 413
  const content = text.replaceAll("\r\n", "\n").trim()
  if ([...content].length > MAX_CONTENT) return 413
  return content === "" || UNSAFE_IN_CONTENT.test(content) ? 400 : content
}
