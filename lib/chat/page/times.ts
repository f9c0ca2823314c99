const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "short" })
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" })
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" })
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" })

/** The time of day, where the reader is. */
export const clockTime = (iso: string): string => CLOCK.format(new Date(iso))

/** Everything about a moment. */
export const fullTime = (iso: string): string => FULL.format(new Date(iso))

/** The day of a moment, where the reader is. */
export const dayOf = (iso: string): string => new Date(iso).toDateString()

/** A day, as people say it. */
export function dayName(iso: string, now: Date = new Date()): string {
  const date = new Date(iso)
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1)
  if (date.toDateString() === now.toDateString()) return "Today"
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday"
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR).format(date)
}
