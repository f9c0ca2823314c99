import { atOnce } from "./at-once.js"

/** Reads the state of topics, a few at a time, and retries failed reads later. */
export class CatchUp {
  readonly #work: (topic: string) => Promise<void>
  readonly #failed: (error: unknown, topic: string) => void
  readonly #open = new Set<string>()
  readonly #again = new Set<string>()
  #running = false

  constructor(work: (topic: string) => Promise<void>, failed: (error: unknown, topic: string) => void) {
    this.#work = work
    this.#failed = failed
  }

  add(topics: Iterable<string>): void {
    for (const topic of topics) this.#open.add(topic)
    void this.#run()
  }

  remove(topic: string): void {
    this.#open.delete(topic)
    this.#again.delete(topic)
  }

  /** Retries the topics that failed. */
  retry(): void {
    const topics = [...this.#again]
    this.#again.clear()
    this.add(topics)
  }

  /** Reads one topic now. A failure is reported, and the topic is retried with the others. */
  async once(topic: string): Promise<void> {
    this.remove(topic)
    try {
      await this.#work(topic)
    } catch (error) {
      this.#again.add(topic)
      this.#failed(error, topic)
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    while (this.#open.size > 0) await atOnce([...this.#open], (topic) => this.once(topic))
    this.#running = false
  }
}
