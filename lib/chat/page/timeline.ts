import type { ChatMessage } from "../topics.js"

/** The messages of a room, the oldest first, each once. */
export class Timeline {
  #messages: ChatMessage[] = []
  readonly #ids = new Set<string>()
  #complete = false

  get messages(): readonly ChatMessage[] {
    return this.#messages
  }

  /** Whether there are no older messages. */
  get complete(): boolean {
    return this.#complete
  }

  get newest(): ChatMessage | undefined {
    return this.#messages.at(-1)
  }

  get oldest(): ChatMessage | undefined {
    return this.#messages[0]
  }

  /** Adds a new message; returns `false` if it is known. */
  add(message: ChatMessage): boolean {
    return this.#take([message], "end").length > 0
  }

  /**
   * Adds the last messages from a join, and returns the new ones. If none of them is known, there may be a gap: the
   * known messages are dropped, and can be requested again.
   */
  catchUp(latest: readonly ChatMessage[]): ChatMessage[] {
    if (this.#messages.length > 0 && latest.length > 0 && !latest.some(({ id }) => this.#ids.has(id))) this.#clear()
    if (this.#messages.length === 0) this.#complete = latest.length === 0
    return this.#take(latest, "end")
  }

  /** Adds older messages. An empty list means that there are none. */
  addEarlier(earlier: readonly ChatMessage[]): void {
    if (this.#take(earlier, "start").length === 0) this.#complete = true
  }

  #take(messages: readonly ChatMessage[], where: "start" | "end"): ChatMessage[] {
    const fresh = messages.filter(({ id }) => !this.#ids.has(id))
    for (const { id } of fresh) this.#ids.add(id)
    this.#messages = where === "end" ? [...this.#messages, ...fresh] : [...fresh, ...this.#messages]
    return fresh
  }

  #clear(): void {
    this.#messages = []
    this.#ids.clear()
  }
}
