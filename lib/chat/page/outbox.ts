import type { ChatMessage } from "../topics.js"

/** A sent message that is not confirmed yet. */
export interface Outgoing {
  readonly key: string
  readonly content: string
  /** The newest message known when it was sent: the stored message is newer. */
  readonly after: string | undefined
  state: "waiting" | "sending" | "failed"
  /** Why it failed. */
  error?: string
}

/** The unconfirmed messages of a room, the oldest first. A message leaves only once it has arrived. */
export class Outbox {
  #items: Outgoing[] = []
  #lastKey = 0

  get items(): readonly Outgoing[] {
    return this.#items
  }

  get waiting(): Outgoing[] {
    return this.#items.filter(({ state }) => state === "waiting")
  }

  add(content: string, newest: ChatMessage | undefined): Outgoing {
    const item: Outgoing = { key: `out-${++this.#lastKey}`, content, after: newest?.timestamp, state: "waiting" }
    this.#items.push(item)
    return item
  }

  remove(item: Outgoing): void {
    this.#items = this.#items.filter((other) => other !== item)
  }

  fail(item: Outgoing, error: string): void {
    item.state = "failed"
    item.error = error
  }

  /**
   * Handles an own message from the server. It confirms the oldest sent item with that text, whose answer is late or
   * was lost with the connection. A waiting item was never sent.
   */
  arrived({ content, timestamp }: ChatMessage): void {
    const item = this.#items.find(
      (item) => item.state !== "waiting" && item.content === content && timestamp > (item.after ?? ""),
    )
    if (item) this.remove(item)
  }
}
