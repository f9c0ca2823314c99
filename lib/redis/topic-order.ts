/** A received message with its offset. */
export interface Arrival<Body> {
  readonly offset: number
  /** When it was appended, to distinguish two messages with the same number. */
  readonly at: number
  readonly body: Body
}

/** The known position in a topic's messages. */
export interface Place {
  readonly epoch: string
  readonly offset: number
  /** When that message was appended, if it was seen. */
  readonly at: number | undefined
}

/** The messages that were read after a position. */
export interface Found<Body> {
  readonly epoch: string
  /** The offset of the newest message of all. */
  readonly newest: number
  /** Whether nothing is missing between the place and the first of them. */
  readonly complete: boolean
  readonly messages: readonly Arrival<Body>[]
}

/** The consequence of a message or of a read. */
export interface Step<Body> {
  /** The messages to deliver, in this order. */
  readonly deliver: readonly Arrival<Body>[]
  /** A missing message is no longer available, or the numbering started again. */
  readonly lost: boolean
  /** The messages after this position have to be read. */
  readonly read: Place | undefined
}

/** How many messages may wait for missing earlier ones. */
const MAX_HELD = 10_000

/**
 * Puts the numbered messages of one topic in order, each once and without a gap. It does no I/O: callers do the reads
 * that it requests.
 */
export class Sequencer<Body> {
  #place: Place | undefined
  #held = new Map<number, Arrival<Body>>()
  #reading = false
  /** Offsets held when the read began. After it, those above the newest were never assigned. */
  #asked: readonly number[] = []
  /** Whether to read again: the current read may be too old for the latest request. */
  #stale = false

  /** The current position, if the sequencer has started. */
  get place(): Place | undefined {
    return this.#place
  }

  /** Begins at a place, unless it has begun. */
  begin(place: Place): void {
    this.#place ??= place
  }

  /** Handles a message from pub/sub. */
  arrive(epoch: string, message: Arrival<Body>): Step<Body> {
    const lost = this.#place !== undefined && this.#place.epoch !== epoch
    if (this.#place?.epoch !== epoch) this.#restart(epoch, message.offset - 1)
    if (message.offset <= this.#last) return step([])
    if (message.offset === this.#last + 1 && this.#held.size === 0) {
      this.#move(message.offset, message.at)
      return step([message], lost)
    }
    this.#held.set(message.offset, message)
    if (this.#held.size > MAX_HELD) return step(this.#jump(), true)
    return step(this.#drain(), lost, this.#gap())
  }

  /** Requests the messages published while this node was not subscribed. */
  check(): Step<Body> {
    if (this.#place === undefined) return step([])
    if (this.#reading) {
      this.#stale = true
      return step([])
    }
    return step([], false, this.#ask())
  }

  /** Handles the messages that were read after a position. */
  found({ epoch, newest, complete, messages }: Found<Body>): Step<Body> {
    this.#reading = false
    const first = messages[0]
    const lost = this.#place?.epoch !== epoch || !complete
    for (const offset of this.#asked) if (offset > newest) this.#held.delete(offset)
    if (this.#place?.epoch !== epoch) this.#restart(epoch, first === undefined ? newest : first.offset - 1)
    else if (!complete && first !== undefined && first.offset > this.#last) this.#move(first.offset - 1, undefined)
    for (const message of messages) if (message.offset > this.#last) this.#held.set(message.offset, message)
    const deliver = this.#drain()
    // Messages that are no longer in the history cannot fill the remaining gaps.
    if (!complete && this.#held.size > 0) deliver.push(...this.#jump())
    if (!this.#stale) return step(deliver, lost, this.#gap())
    this.#stale = false
    return step(deliver, lost, this.check().read)
  }

  /** Handles a failed read. */
  failed(): void {
    this.#reading = this.#stale = false
  }

  get #last(): number {
    return this.#place?.offset ?? 0
  }

  #move(offset: number, at: number | undefined): void {
    this.#place = { epoch: this.#place?.epoch ?? "", offset, at }
  }

  #restart(epoch: string, last: number): void {
    this.#place = { epoch, offset: last, at: undefined }
    this.#held = new Map()
  }

  #drain(): Arrival<Body>[] {
    const ready: Arrival<Body>[] = []
    for (let next = this.#held.get(this.#last + 1); next !== undefined; next = this.#held.get(this.#last + 1)) {
      ready.push(next)
      this.#move(next.offset, next.at)
    }
    if (ready.length > 0) for (const offset of this.#held.keys()) if (offset <= this.#last) this.#held.delete(offset)
    return ready
  }

  /** Gives up on the missing messages. */
  #jump(): Arrival<Body>[] {
    const all = [...this.#held.values()].sort((a, b) => a.offset - b.offset)
    this.#held = new Map()
    const last = all.at(-1)
    if (last !== undefined) this.#move(last.offset, last.at)
    return all
  }

  #gap(): Place | undefined {
    if (this.#held.size === 0 || this.#reading) return undefined
    return this.#ask()
  }

  #ask(): Place | undefined {
    this.#reading = true
    this.#asked = [...this.#held.keys()]
    return this.#place
  }
}

const step = <Body>(deliver: readonly Arrival<Body>[], lost = false, read?: Place): Step<Body> => ({
  deliver,
  lost,
  read,
})
