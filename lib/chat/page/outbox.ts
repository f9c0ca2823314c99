import type { ChatMessage } from "../topics.js"

/** Something said that is not known to have arrived. */
export interface Outgoing {
  readonly key: string
  readonly content: string
  /** The newest message that was known when it was said: what it became is newer. */
  readonly after: string | undefined
  state: "waiting" | "sending" | "failed"
  /** Why it failed. */
  error?: string
}

/** The messages of a room that are not known to have arrived, the oldest first. Nothing leaves it but what arrived. */
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
   * Learns of a message of one's own. It is what became of the oldest item of that text, whose answer is late or went
   * down with the line. One that waits was never sent.
   */
  arrived({ content, timestamp }: ChatMessage): void {
    const item = this.#items.find(
      (item) => item.state !== "waiting" && item.content === content && timestamp > (item.after ?? ""),
    )
    if (item) this.remove(item)
  }
}
