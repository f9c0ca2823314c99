const MAX_EMAIL = 254
const MAX_NAME = 50
const MAX_CONTENT = 4000

// One address and nothing else: no spaces, no line breaks, no list, no comment. What really exists, the mail shows.
const EMAIL = /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u
const ROOM = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,39}$/u
// Control characters, and those that turn the direction of what comes behind them.
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

/** An e-mail address as it is kept, or `undefined` for what is none. */
export function readEmail(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined
  const email = text.trim().toLowerCase()
  return email.length <= MAX_EMAIL && EMAIL.test(email) && !email.includes("..") ? email : undefined
}

/** Whether a room may be called this. */
export const isRoomName = (name: string): boolean => ROOM.test(name)

/** A display name as it is kept, `null` to have none, or `undefined` for what cannot be one. */
export function readDisplayName(text: unknown): string | null | undefined {
  if (text === null) return null
  if (typeof text !== "string") return undefined
  const name = text.normalize("NFC").trim()
  return name !== "" && [...name].length <= MAX_NAME && !UNSAFE.test(name) ? name : undefined
}

/** What somebody says, or the HTTP status of why it cannot be said. */
export function readContent(text: unknown): string | 400 | 413 {
  if (typeof text !== "string" || text.trim() === "") return 400
  return [...text].length > MAX_CONTENT ? 413 : text.trim()
}
