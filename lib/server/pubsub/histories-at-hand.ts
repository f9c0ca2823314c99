import type { RecentMessages } from "./recent-messages.js"

/** A topic whose newest messages a node may have at hand. */
export interface AtHand {
  recent: RecentMessages | undefined
  /** The joins that are going to be answered from them. */
  readers: number
}

/** How many histories are read from the cluster at once: enough to keep its connection busy. */
const MAX_READS = 32

/**
 * The histories that a node has at hand, of all its topics together. They are bounded by bytes: each is a copy of what
 * the cluster keeps, so the one that no join has used for longest is dropped first, and its next client has it read
 * again. One that a join waits for is not dropped; instead, further reads wait while such histories take half of the
 * memory.
 */
export class HistoriesAtHand {
  readonly #limit: number
  readonly #dropped: () => void
  /** Those that no join waits for, the least recently used first. */
  readonly #idle = new Set<AtHand>()
  #bytes = 0
  /** The part of `#bytes` that joins wait for. */
  #usedBytes = 0
  #reads = 0
  readonly #waiting: (() => void)[] = []

  /** @param dropped called each time that one is dropped to make room */
  constructor(limit: number, dropped: () => void) {
    this.#limit = limit
    this.#dropped = dropped
  }

  /** The estimated bytes of memory of all of them. */
  get bytes(): number {
    return this.#bytes
  }

  /** A join is going to be answered. Each `use` needs one `done`. */
  use(topic: AtHand): void {
    if (topic.readers++ > 0 || topic.recent === undefined) return
    this.#idle.delete(topic)
    this.#usedBytes += topic.recent.bytes
  }

  done(topic: AtHand): void {
    if (--topic.readers > 0 || topic.recent === undefined) return
    this.#usedBytes -= topic.recent.bytes
    this.#idle.add(topic)
    this.#makeRoom()
    this.#admitReads()
  }

  /** Puts down an empty history, which grows from now on. */
  begin(topic: AtHand, recent: RecentMessages): void {
    this.forget(topic)
    topic.recent = recent
    if (topic.readers === 0) this.#idle.add(topic)
  }

  /** A history has so many bytes more. */
  grew(topic: AtHand, recent: RecentMessages, more: number): void {
    // It may have been given up while it was read.
    if (topic.recent !== recent) return
    this.#bytes += more
    if (topic.readers > 0) this.#usedBytes += more
    this.#makeRoom()
  }

  /** The history is not needed any more, or has a gap. */
  forget(topic: AtHand): void {
    const { recent, readers } = topic
    if (recent === undefined) return
    topic.recent = undefined
    this.#idle.delete(topic)
    this.#bytes -= recent.bytes
    if (readers > 0) this.#usedBytes -= recent.bytes
    this.#admitReads()
  }

  /** Reads one from the cluster, once there is room for it. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    if (this.#mayRead) this.#reads++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      this.#reads--
      this.#admitReads()
    }
  }

  get #mayRead(): boolean {
    // One at least: it may be larger than all that there is room for.
    if (this.#usedBytes === 0 && this.#reads === 0) return true
    return this.#reads < MAX_READS && this.#usedBytes < this.#limit / 2
  }

  #admitReads(): void {
    while (this.#waiting.length > 0 && this.#mayRead) {
      this.#reads++
      this.#waiting.shift()?.()
    }
  }

  #makeRoom(): void {
    for (const oldest of this.#idle) {
      if (this.#bytes <= this.#limit) return
      this.forget(oldest)
      this.#dropped()
    }
  }
}
