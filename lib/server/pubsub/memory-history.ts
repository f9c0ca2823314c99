import type { Clock } from "../../protocol/clock.js"
import { BufferFullError } from "../../protocol/errors.js"
import type { HistoryOptions, Position } from "../../protocol/recovery.js"
import type { ClusterMessage, HistorySlice, NumberedMessage } from "../api/cluster.js"
import { Deadlines } from "../support/deadlines.js"
import { randomId } from "../support/random-id.js"
import { sha256 } from "../support/sha256.js"

/** A message, with the time until which it is kept. */
interface Kept extends NumberedMessage {
  readonly until: number
}

/** The history of one topic. */
interface Log {
  readonly epoch: string
  newest: number
  /** Without gaps, the oldest first. */
  messages: Kept[]
  /** The time after which even the numbering is forgotten. */
  until: number
}

/**
 * The time that a topic's numbering is kept for after its last message, so that a client learns that it missed nothing.
 */
const NUMBERING_MS = 3_600_000
/** The time for which the name of a message, given by `once`, is kept. */
const NAME_MS = 300_000

/** The most that one process keeps in addition to the messages of its histories. */
interface Bounds {
  /** Numberings of topics whose messages have all expired. */
  readonly numberings: number
  /** Names of messages, given by `once`. */
  readonly names: number
}

/** These bounds take about 30 MB for numberings and 60 MB for names. */
const BOUNDS: Bounds = { numberings: 100_000, names: 250_000 }

/**
 * Computes the epoch of a topic's next numbering, without keeping anything for the topic: a client may join any topic
 * and ask for its position, and must not fill the memory by that. Topics share a few thousand counters. When a topic is
 * forgotten its counter moves, so that the topic's next numbering has an epoch that it never had. Other topics of the
 * same counter that have no numbering get a new epoch, too, so their clients load anew what they may have missed. That
 * is rare and safe, though needless.
 */
class Epochs {
  readonly #process = randomId()
  readonly #seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0
  readonly #counters = new Uint32Array(16_384)

  of(topic: string): string {
    return this.#process + (this.#counters[this.#index(topic)] ?? 0).toString(36)
  }

  forget(topic: string): void {
    const index = this.#index(topic)
    this.#counters[index] = (this.#counters[index] ?? 0) + 1
  }

  /** FNV-1a, seeded so that a client cannot choose topics that share a counter. */
  #index(topic: string): number {
    let hash = this.#seed
    for (let i = 0; i < topic.length; i++) hash = Math.imul(hash ^ topic.charCodeAt(i), 0x01000193)
    return (hash ^ (hash >>> 15)) & (this.#counters.length - 1)
  }
}

/** The histories of all topics of one process. All entries expire by themselves. */
export class MemoryHistories {
  readonly #clock: Clock
  readonly #bounds: Bounds
  readonly #sha256: (text: string) => string
  readonly #epochs = new Epochs()
  readonly #logs = new Map<string, Log>()
  /** Topics whose messages have all expired, the longest idle one first. */
  readonly #idle = new Set<string>()
  readonly #logsDue: Deadlines<string>
  readonly #names = new Map<string, Position>()
  readonly #namesDue: Deadlines<string>

  constructor(clock: Clock, bounds: Bounds = BOUNDS, digest: (text: string) => string = sha256) {
    this.#clock = clock
    this.#sha256 = digest
    this.#bounds = bounds
    this.#logsDue = new Deadlines(clock, (topic, now) => this.#trim(topic, now))
    this.#namesDue = new Deadlines(clock, (name) => void this.#names.delete(name))
  }

  /** The numbers of kept messages, of topics with a numbering, and of names. */
  get kept(): { readonly topics: number; readonly messages: number; readonly names: number } {
    let messages = 0
    for (const log of this.#logs.values()) messages += log.messages.length
    return { topics: this.#logs.size, messages, names: this.#names.size }
  }

  /** Appends a message. Returns its position, and the message unless one of the same name was already kept. */
  append(
    topic: string,
    body: ClusterMessage,
    { size, ttl }: HistoryOptions,
    once?: string,
  ): Position & { message?: NumberedMessage } {
    const now = this.#clock.now()
    const name = once === undefined ? undefined : this.#nameOf(topic, once)
    const known = name === undefined ? undefined : this.#names.get(name)
    if (known !== undefined) return known
    if (name !== undefined && this.#names.size >= this.#bounds.names) {
      throw new BufferFullError("buffer_full", `too many messages of the last minutes have a name; send ${topic} fewer`)
    }
    const log = this.#logs.get(topic) ?? this.#begin(topic)
    const message = { offset: ++log.newest, body, until: now + ttl }
    const position = { epoch: log.epoch, offset: message.offset }
    if (name !== undefined) {
      this.#names.set(name, position)
      this.#namesDue.set(name, now + NAME_MS)
    }
    log.messages.push(message)
    // The log grows to twice its size before it is cut, because a cut copies all that is left.
    if (log.messages.length >= 2 * size) log.messages = log.messages.slice(-size)
    log.until = now + Math.max(ttl, NUMBERING_MS)
    if (log.messages.length === 1) {
      this.#idle.delete(topic)
      this.#logsDue.set(topic, message.until)
    }
    return { ...position, message }
  }

  /** Reads the messages after an offset, or the newest ones. Keeps nothing, even for a topic that is not known. */
  read(topic: string, { size }: HistoryOptions, after: number | undefined, limit: number): HistorySlice {
    const log = this.#logs.get(topic)
    if (log === undefined) {
      return { epoch: this.#epochs.of(topic), newest: 0, messages: [], complete: after === undefined || after === 0 }
    }
    const { epoch, newest, messages } = log
    const now = this.#clock.now()
    let first = Math.max(0, messages.length - size)
    // The timer removes expired messages within a second, so only a few are skipped here.
    while (first < messages.length && (messages[first]?.until ?? 0) <= now) first++
    const oldest = newest + 1 - (messages.length - first)
    const from =
      after === undefined ? Math.max(first, messages.length - limit) : first + Math.max(0, after + 1 - oldest)
    const complete = after === undefined || (after + 1 >= oldest && after <= newest)
    return { epoch, newest, messages: messages.slice(from, from + limit), complete }
  }

  /** A digest of topic and name. Names mostly come from clients, so the kept key has a fixed length. */
  #nameOf(topic: string, once: string): string {
    return this.#sha256(JSON.stringify([topic, once]))
  }

  #begin(topic: string): Log {
    const log = { epoch: this.#epochs.of(topic), newest: 0, messages: [], until: 0 }
    this.#logs.set(topic, log)
    return log
  }

  /** Removes the expired messages of a topic, and the topic when its numbering has expired as well. */
  #trim(topic: string, now: number): number | undefined {
    const log = this.#logs.get(topic)
    if (log === undefined) return undefined
    const first = log.messages.findIndex(({ until }) => until > now)
    log.messages = first === -1 ? [] : log.messages.slice(first)
    const [oldest] = log.messages
    if (oldest !== undefined) return oldest.until
    if (log.until <= now) {
      this.#forget(topic)
      return undefined
    }
    this.#idle.add(topic)
    for (const longest of this.#idle) {
      if (this.#idle.size <= this.#bounds.numberings) break
      this.#logsDue.delete(longest)
      this.#forget(longest)
    }
    return log.until
  }

  #forget(topic: string): void {
    this.#idle.delete(topic)
    this.#logs.delete(topic)
    this.#epochs.forget(topic)
  }
}
