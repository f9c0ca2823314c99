import type { ServerMessage } from "./messages.js"

interface Row {
  progress: number
  note: string
}

const WIDTH = 30

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB/s`

/** The downloads as the terminal shows them. */
export class Board {
  readonly #rows = new Map<string, Row>()

  /** Handles a message. Returns it as a line of text, for an output that is no terminal. */
  take(message: ServerMessage): string {
    if (message.type === "error") return `! ${message.error_message}`
    const { download_id: id } = message
    const row = this.#rows.get(id) ?? { progress: 0, note: "" }
    this.#rows.set(id, row)
    if (message.type === "download_progress") {
      row.progress = message.progress
      row.note = message.paused ? "paused" : megabytes(message.speed)
    } else if (message.type === "download_complete") {
      row.progress = 100
      row.note = `saved as ${message.file_path}`
    } else {
      row.note = `failed: ${message.error_message}`
    }
    return this.#line(id, row)
  }

  /** The newest rows, with progress bars. */
  lines(limit = 8): string[] {
    return [...this.#rows].slice(-limit).map(([id, row]) => {
      const full = Math.round((row.progress / 100) * WIDTH)
      return `#${id.padEnd(3)} ${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${this.#line(id, row)}`
    })
  }

  #line(id: string, { progress, note }: Row): string {
    return `#${id} ${progress.toFixed(1)} % ${note}`
  }
}
