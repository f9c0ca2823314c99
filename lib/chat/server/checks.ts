const MAX_EMAIL = 254
const MAX_NAME = 50
const MAX_CONTENT = 4000

// One address and nothing else: no spaces, no line breaks, no list, no comment. What really exists, the mail shows.
const EMAIL = /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u
// No capitals: two rooms whose names look alike would be a trap.
const ROOM = /^[\p{Ll}\p{Lo}\p{N}][\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}_-]{0,63}$/u
// Control characters, and those that turn the direction of what comes behind them.
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u
// Of a message's lines the ends stay.
const UNSAFE_IN_CONTENT = /(?![\n\t])[\p{Cc}\p{Cs}]/u
// Something to see: what only joins, or fills, is nothing.
const VISIBLE = /(?![\u115f\u1160\u3164\uffa0])[\p{L}\p{N}\p{P}\p{S}]/u

/** An e-mail address as it is kept, or `undefined` for what is none. */
export function readEmail(text: unknown): string | undefined {
  if (typeof text !== "string" || text.length > 2 * MAX_EMAIL) return undefined
  const email = text.trim().toLowerCase().normalize("NFC")
  return email.length <= MAX_EMAIL && EMAIL.test(email) && !email.includes("..") ? email : undefined
}

/** Whether a room may be called this. */
export const isRoomName = (name: string): boolean => ROOM.test(name) && name === name.normalize("NFC")

/** A display name as it is kept, `null` to have none, or `undefined` for what cannot be one. */
export function readDisplayName(text: unknown): string | null | undefined {
  if (text === null) return null
  // Before the text is walked over: a composed character is at most eight units of a text that is not composed.
  if (typeof text !== "string" || text.length > 8 * MAX_NAME) return undefined
  const name = text.normalize("NFC").trim()
  return VISIBLE.test(name) && [...name].length <= MAX_NAME && !UNSAFE.test(name) ? name : undefined
}

/** What somebody says, or the HTTP status of why it cannot be said. */
export function readContent(text: unknown): string | 400 | 413 {
  if (typeof text !== "string") return 400
  // Before the text is walked over: a character is at most two units, and a line break may be two characters.
  if (text.length > 4 * MAX_CONTENT) return 413
  const content = text.replaceAll("\r\n", "\n").trim()
  if ([...content].length > MAX_CONTENT) return 413
  return content === "" || UNSAFE_IN_CONTENT.test(content) ? 400 : content
}
