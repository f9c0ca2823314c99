import type { ServerMessage } from "./messages.js"

/** How a download ends. */
export type Fate = { kind: "complete"; file_path: string } | { kind: "error"; at: number; error_message: string }

/** A simulated download: it progresses when {@link Download.advance} tells it how much time has passed. */
export class Download {
  readonly id: string
  paused = false
  readonly #size: number
  readonly #bytesPerSecond: number
  readonly #fate: Fate
  #done = 0
  #over: ServerMessage | undefined

  constructor(id: string, size: number, bytesPerSecond: number, fate: Fate) {
    this.id = id
    this.#size = size
    this.#bytesPerSecond = bytesPerSecond
    this.#fate = fate
  }

  get over(): boolean {
    return this.#over !== undefined
  }

  /** Lets time pass. Returns the message about it, if anything changed. */
  advance(ms: number): ServerMessage | undefined {
    if (this.over || this.paused) return undefined
    this.#done = Math.min(this.#size, this.#done + (this.#bytesPerSecond * ms) / 1000)
    if (this.#fate.kind === "error" && this.#progress >= this.#fate.at) {
      const { error_message } = this.#fate
      this.#over = { type: "download_error", download_id: this.id, error_message }
    } else if (this.#fate.kind === "complete" && this.#done === this.#size) {
      const { file_path } = this.#fate
      this.#over = { type: "download_complete", download_id: this.id, file_path }
    }
    return this.message()
  }

  /** The message with the current state. */
  message(): ServerMessage {
    if (this.#over !== undefined) return this.#over
    const { id: download_id, paused } = this
    const speed = paused ? 0 : this.#bytesPerSecond
    return { type: "download_progress", download_id, progress: this.#progress, speed, paused }
  }

  /** The progress in percent. */
  get #progress(): number {
    return Math.round((1000 * this.#done) / this.#size) / 10
  }
}
