/** A filter of messages: a topic or an event, where `*` stands for any text. */
function matcher(pattern: string | null): (text: unknown) => boolean {
  if (pattern === null || pattern === "" || pattern === "*") return () => true
  const parts = pattern.split("*")
  const [first = "", ...rest] = parts
  const last = rest.pop()
  if (last === undefined) return (text) => text === pattern
  return (text) => {
    if (typeof text !== "string" || !text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    const end = text.length - last.length
    if (end < at) return false
    for (const part of rest) {
      const found = text.indexOf(part, at)
      if (found === -1 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}

/** Decides which messages a stream has. */
export type Filter = (message: { readonly topic: unknown; readonly event: unknown }) => boolean

/** The topic of the protocol's own messages, such as heartbeats. */
const PHOENIX_TOPIC = "phoenix"

/** Reads a filter from a query: `topic` and `event`. Heartbeats and their replies are left out unless asked for. */
export function readFilter(query: URLSearchParams): Filter {
  const [topic, event] = [query.get("topic"), query.get("event")]
  const [isTopic, isEvent] = [matcher(topic), matcher(event)]
  const wantsPhoenix = topic === PHOENIX_TOPIC
  return (message) =>
    (wantsPhoenix || message.topic !== PHOENIX_TOPIC) && isTopic(message.topic) && isEvent(message.event)
}
