import type { ChatMessage, ChatUser } from "rookery/chat"
import { escapeControls, type Styles } from "./terminal-text.js"

/** The name of a person: `Display Name (email)`, or the address alone. */
export function nameOf({ email, display_name }: ChatUser): string {
  return escapeControls(display_name === null ? email : `${display_name} (${email})`)
}

const two = (part: number): string => String(part).padStart(2, "0")

/** A time of the server in the reader's time zone; with the date, if it is not today. */
export function timeOf(timestamp: string, now: Date = new Date()): string {
  const time = new Date(timestamp)
  if (Number.isNaN(time.getTime())) return escapeControls(timestamp)
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return time.toDateString() === now.toDateString() ? clock : `${date} ${clock}`
}

/** The person, the time and the room of a message. The room is named if it is not the current one. */
function headOf({ user, timestamp }: ChatMessage, room: string | undefined, styles: Styles): string {
  const where = room === undefined ? "" : `${styles.green(`#${escapeControls(room)}`)} `
  return `${styles.dim(timeOf(timestamp))} ${where}${styles.person(user.id)(nameOf(user))}:`
}

/** A message as one line of text, as a program reads it. */
export function messageLine(message: ChatMessage, room: string | undefined, styles: Styles): string {
  return `${headOf(message, room, styles)} ${escapeControls(message.content)}`
}

/**
 * A message on its own lines of text. Each line of text after the first has a bar before it, so that none looks like the
 * message of another person.
 */
export function messageLines(message: ChatMessage, room: string | undefined, styles: Styles): string {
  const [first = "", ...others] = message.content.split("\n").map(escapeControls)
  return [`${headOf(message, room, styles)} ${first}`, ...others.map((line) => `${styles.dim("    │")} ${line}`)].join(
    "\n",
  )
}
