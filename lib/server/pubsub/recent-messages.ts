import type { HistoryOptions, Position, Seen } from "../../protocol/recovery.js"
import type { Broadcast } from "./broadcast.js"

/** The messages that a returning client gets, and the topic's position. */
export interface Missed extends Position {
  /** Whether these are all messages that the client missed. */
  readonly recovered: boolean
  readonly broadcasts: readonly Broadcast[]
}

interface Held {
  readonly broadcast: Broadcast
  readonly offset: number
  readonly at: number
}

/**
 * The memory of an entry, and of what a message that came from another node has beside its frame: a broadcast in a
 * queue is weighed without it. Measured by `spec/server/pubsub/histories-at-hand.spec.ts`.
 */
const HELD_BYTES = 384

const bytesOf = ({ broadcast }: Pick<Held, "broadcast">): number => HELD_BYTES + broadcast.weight

/** Selects the messages after a client's position. A client without a position has missed none. */
export function missed(
  position: Seen,
  { epoch, offset: newest }: Position,
  kept: readonly { readonly offset: number; readonly broadcast: Broadcast }[],
): Missed {
  const { offset, rewind = 0 } = position
  if (offset === undefined) {
    const broadcasts = rewind === 0 ? [] : kept.slice(-rewind).map(({ broadcast }) => broadcast)
    // The client begins before the messages that it is sent, and counts on from there.
    return { epoch, offset: newest - broadcasts.length, recovered: false, broadcasts }
  }
  const oldest = kept[0]?.offset ?? newest + 1
  const recovered = position.epoch === epoch && offset <= newest && offset + 1 >= oldest
  const broadcasts = recovered ? kept.slice(offset + 1 - oldest).map(({ broadcast }) => broadcast) : []
  return { epoch, offset: newest, recovered, broadcasts }
}

/**
 * The newest messages of a topic, kept on this node without a gap, so that a thousand clients that return at once do
 * not cost a thousand requests to the cluster.
 */
export class RecentMessages {
  readonly #history: HistoryOptions
  #position: Position | undefined
  /** The oldest first. */
  #held: Held[] = []
  #bytes = 0

  constructor(history: HistoryOptions) {
    this.#history = history
  }

  /** The position of the topic; unknown until the first message arrives or the history is loaded. */
  get position(): Position | undefined {
    return this.#position
  }

  /** Whether a client has seen a message that has not reached this node yet. */
  isBehind({ epoch, offset = 0 }: Partial<Position>): boolean {
    return epoch === this.#position?.epoch && offset > (this.#position?.offset ?? 0)
  }

  /** The bytes of memory that the messages take, by an estimate. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds the next message. */
  add(epoch: string, offset: number, broadcast: Broadcast, now: number): void {
    if (this.#position?.epoch !== epoch || this.#position.offset + 1 !== offset) this.#hold([])
    this.#position = { epoch, offset }
    const held = { broadcast, offset, at: now }
    this.#held.push(held)
    this.#bytes += bytesOf(held)
    if (this.#held.length >= 2 * this.#history.size) this.#hold(this.#held.slice(-this.#history.size))
  }

  /** Adds the older messages that the cluster kept, before those that have arrived since. */
  seed(position: Position, broadcasts: readonly { offset: number; broadcast: Broadcast }[], now: number): void {
    const newer = this.#position?.epoch === position.epoch ? this.#held : []
    const first = newer[0]?.offset ?? Infinity
    // No later than the messages behind them: those would be too old first, and the end of the history be missing.
    const at = Math.min(now, newer[0]?.at ?? now)
    const older = broadcasts.filter(({ offset }) => offset < first).map((kept) => ({ ...kept, at }))
    // They were cut out of what was read at once, which one of them would keep alive as a whole.
    for (const { broadcast } of older) broadcast.shrink()
    this.#hold([...older, ...newer])
    if (this.#position?.epoch !== position.epoch || this.#position.offset < position.offset) this.#position = position
  }

  /** The messages that a client missed after a position. */
  since(position: Seen, now: number): Missed {
    const { size, ttl } = this.#history
    const kept = this.#held.slice(-size).filter(({ at }) => at + ttl > now)
    return missed(position, this.#position ?? { epoch: "", offset: 0 }, kept)
  }

  #hold(held: Held[]): void {
    this.#held = held
    this.#bytes = held.reduce((sum, each) => sum + bytesOf(each), 0)
  }
}
