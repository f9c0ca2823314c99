import { randomBytes } from "node:crypto"
import type { ClusterMessage, HistoryOptions, HistorySlice, Position } from "../server/api/cluster.js"
import type { Installation } from "./installation.js"
import type { Keys } from "./keys.js"
import { foreign, readId } from "./records.js"
import { APPEND, HISTORY, RENUMBER } from "./scripts.js"
import type { Arrival, Found, Place } from "./topic-order.js"

/** How long a topic's numbering outlives its messages, so that a client can learn that it missed nothing. */
const NUMBERING_MS = 3_600_000

/** How long the name of a message with `once` is remembered. */
const ONCE_MS = 300_000

const ownEpochs = randomBytes(6).toString("base64url")
let epochs = 0

/** A new epoch. Every append sends one, but hardly ever needs it, so it must be cheap. */
const newEpoch = (): string => `${ownEpochs}${(epochs++).toString(36)}`

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

type Entry = readonly [id: Buffer, fields: readonly [name: Buffer, body: Buffer]]

const readEntry = ([id, [, body]]: Entry): Arrival<Buffer> => ({ ...readId(String(id)), body })

/** A page of a topic's history, with the details of each message. */
interface Piece extends HistorySlice {
  readonly messages: readonly Arrival<Buffer>[]
}

/** The histories of all topics, which are streams in Redis. */
export class RedisHistory {
  readonly #redis: Installation
  readonly #keys: Keys

  constructor(redis: Installation, keys: Keys) {
    this.#redis = redis
    this.#keys = keys
  }

  async append(
    topic: string,
    message: ClusterMessage,
    { size, ttl }: HistoryOptions,
    once?: string,
  ): Promise<Position> {
    // While a Redis Cluster moves a slot, a missing key would make it refuse the others as well.
    const name = once === undefined ? [] : [this.#keys.once(topic, once)]
    const [epoch, offset] = (await this.#redis.run(
      APPEND,
      [this.#keys.numbering(topic), this.#keys.stream(topic), ...name],
      this.#keys.channel(topic),
      newEpoch(),
      asBuffer(message.bytes()),
      String(size),
      String(ttl),
      String(Math.max(2 * ttl, NUMBERING_MS)),
      once === undefined ? "0" : String(ONCE_MS),
    )) as [Buffer, number | Buffer]
    return { epoch: String(epoch), offset: Number(String(offset)) }
  }

  /** The kept messages after an offset, or the newest ones. */
  async read(topic: string, history: HistoryOptions, after: number | undefined, limit: number): Promise<Piece> {
    return this.#piece(topic, history, after === undefined ? undefined : after + 1, limit)
  }

  /**
   * The messages after a position. A Redis that restarts with older data, for example after a power loss, assigns some
   * offsets twice. A client at an offset from before the restart must not continue from there.
   */
  async behind(topic: string, history: HistoryOptions, place: Place): Promise<Found<Buffer>> {
    const { epoch, newest, complete, messages } = await this.#piece(topic, history, place.offset, history.size + 1)
    if (epoch !== place.epoch) return { epoch, newest, complete: false, messages: [] }
    const same = messages[0]?.offset === place.offset ? messages[0] : undefined
    const rewound = newest < place.offset || (same !== undefined && place.at !== undefined && same.at !== place.at)
    if (rewound) {
      const renewed = await this.#redis.run(RENUMBER, [this.#keys.numbering(topic)], epoch, newEpoch())
      return { epoch: String(renewed), newest, complete: false, messages: [] }
    }
    const rest = same === undefined ? messages : messages.slice(1)
    const next = rest[0]?.offset ?? newest + 1
    return { epoch, newest, complete: complete || next === place.offset + 1, messages: rest }
  }

  async #piece(topic: string, { size, ttl }: HistoryOptions, from: number | undefined, limit: number): Promise<Piece> {
    const [epoch, newest, now, found, first] = (await this.#redis.run(
      HISTORY,
      [this.#keys.numbering(topic), this.#keys.stream(topic)],
      newEpoch(),
      String(NUMBERING_MS),
      from === undefined ? "" : `${from}-0`,
      String(Math.max(1, Math.min(limit, size + 1))),
    )) as [Buffer, number, number, Entry[], Entry[]]
    // A Lua list ends at its first missing element.
    if (first === undefined) throw foreign("a numbering")
    const kept = (from === undefined ? found.reverse() : found).map(readEntry).filter(({ at }) => at > now - ttl)
    const messages = kept.slice(0, limit)
    const oldest = first[0] === undefined ? newest + 1 : readEntry(first[0]).offset
    const next = kept[0]?.offset ?? newest + 1
    const complete = from === undefined || (from <= newest + 1 && from >= oldest && next === from)
    return { epoch: String(epoch), newest: Number(newest), messages, complete }
  }
}
