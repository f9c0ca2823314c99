import type { ChatMessage, ChatUser } from "rookery/chat"
import { escapeControls, type Styles } from "./terminal-text.js"

/** How a person is called: `Display Name (email)`, or by the address alone. */
export function nameOf({ email, display_name }: ChatUser): string {
  return escapeControls(display_name === null ? email : `${display_name} (${email})`)
}

const two = (part: number): string => String(part).padStart(2, "0")

/** A time of the server's, by the clock of whoever reads it; with the date, if it was not today. */
export function timeOf(timestamp: string, now: Date = new Date()): string {
  const time = new Date(timestamp)
  if (Number.isNaN(time.getTime())) return escapeControls(timestamp)
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}`
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return time.toDateString() === now.toDateString() ? clock : `${date} ${clock}`
}

/** A message as one line of text. The room is named where it is not the one that is typed into. */
export function messageLine(
  { user, content, timestamp }: ChatMessage,
  room: string | undefined,
  styles: Styles,
): string {
  const where = room === undefined ? "" : `${styles.green(`#${escapeControls(room)}`)} `
  return `${styles.dim(timeOf(timestamp))} ${where}${styles.cyan(nameOf(user))}: ${escapeControls(content)}`
}
