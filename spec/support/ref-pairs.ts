/** The five parts of a message as they travel in text. */
export type Parts = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown]

/** The parts of a frame, or the frame itself if it is none of the protocol. */
export function readParts(frame: unknown): Parts | string {
  try {
    const parts: unknown = JSON.parse(String(frame))
    return Array.isArray(parts) ? (parts as Parts) : String(frame)
  } catch {
    return String(frame)
  }
}

/**
 * Maps refs of a recording to refs of the replaying client. Two clients count differently, so a recorded answer reaches
 * this client under the ref of its own request.
 */
export class RefPairs {
  readonly #actual = new Map<string, string>()

  /** Notes that a frame of the client takes the place of a recorded one. */
  pair(recorded: unknown, sent: unknown): void {
    const from = readParts(recorded)
    const to = readParts(sent)
    if (typeof from === "string" || typeof to === "string") return
    for (const index of [0, 1] as const) {
      const [recordedRef, actualRef] = [from[index], to[index]]
      if (recordedRef !== null && actualRef !== null) this.#actual.set(recordedRef, actualRef)
    }
  }

  /** Translates a recorded frame to the client's refs. */
  translate(recorded: string): string {
    const parts = readParts(recorded)
    if (typeof parts === "string") return recorded
    const [joinRef, ref, ...rest] = parts
    return JSON.stringify([this.#actualOf(joinRef), this.#actualOf(ref), ...rest])
  }

  #actualOf(ref: string | null): string | null {
    return ref === null ? null : (this.#actual.get(ref) ?? ref)
  }
}
