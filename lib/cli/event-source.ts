/** A server-sent event, with its data parsed. */
export interface ServerSentEvent {
  readonly event: string
  readonly data: unknown
}

/** More than any event of an inspector needs. */
const MOST_CHARACTERS = 1_000_000

function readEvent(block: string): ServerSentEvent | undefined {
  let event = "message"
  const data: string[] = []
  for (const row of block.split(/\r?\n/)) {
    if (row.startsWith("event:")) event = row.slice("event:".length).trim()
    else if (row.startsWith("data:")) data.push(row.slice("data:".length))
  }
  if (data.length === 0) return undefined
  try {
    return { event, data: JSON.parse(data.join("\n")) }
  } catch {
    throw new Error("this is not an inspector's stream")
  }
}

/** The events of a response, as they arrive. */
export async function* readEvents(response: Response): AsyncGenerator<ServerSentEvent> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true || response.body === null) {
    throw new Error("this is not an inspector's stream")
  }
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split(/\r?\n\r?\n/)
    text = blocks.pop() ?? ""
    if (text.length > MOST_CHARACTERS) throw new Error("an event is longer than any of an inspector's")
    for (const block of blocks) {
      const event = readEvent(block)
      if (event !== undefined) yield event
    }
  }
}
