/**
 * Whether an event matches a pattern, in which `*` stands for any text. Runs in linear time, because strangers choose
 * event names.
 */
function isLike(event: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop()
  if (last === undefined) return event === pattern
  const end = event.length - last.length
  if (!event.startsWith(first) || !event.endsWith(last) || end < first.length) return false
  let at = first.length
  for (const part of rest) {
    const found = event.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Decides which events are shown, by patterns with spaces between them: `new_* !new_typing`. */
export class EventFilter {
  /** The patterns as they were typed; empty if every event is shown. */
  readonly text: string
  readonly #wanted: readonly string[]
  readonly #unwanted: readonly string[]

  constructor(text: string) {
    const patterns = text.split(/\s+/).filter((pattern) => pattern !== "")
    this.text = patterns.join(" ")
    this.#wanted = patterns.filter((pattern) => !pattern.startsWith("!"))
    this.#unwanted = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1))
  }

  shows(event: string): boolean {
    const isWanted = this.#wanted.length === 0 || this.#wanted.some((pattern) => isLike(event, pattern))
    return isWanted && !this.#unwanted.some((pattern) => isLike(event, pattern))
  }
}
