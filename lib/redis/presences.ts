import type { PresenceChange, PresenceRecord } from "../server/api/cluster.js"
import { atOnce } from "./at-once.js"
import type { Installation } from "./installation.js"
import type { Keys } from "./keys.js"
import { CHANGE } from "./scripts.js"
import { readSnapshot } from "./topic.js"

/** Changes of one topic that were not told yet. */
class Untold {
  readonly joins = new Map<string, PresenceRecord>()
  readonly leaves = new Set<string>()
  /** Joins that nobody can know of: who comes and goes while Redis is away leaves nothing to tell. */
  readonly #unknown = new Set<string>()

  add({ joins, leaves }: { joins: Iterable<PresenceRecord>; leaves: Iterable<string> }, known: Known): this {
    for (const ref of leaves) {
      this.joins.delete(ref)
      if (!this.#unknown.delete(ref)) this.leaves.add(ref)
    }
    for (const record of joins) {
      const { ref } = record
      if (!known(ref) && !this.leaves.delete(ref)) this.#unknown.add(ref)
      this.joins.set(ref, record)
    }
    return this
  }

  /** It was sent, and what became of it is not known. */
  sent(): void {
    this.#unknown.clear()
  }
}

/** Whether somebody may have heard of a ref. */
type Known = (ref: string) => boolean

const maybe: Known = () => true

/**
 * The presences of this node, on their way to Redis. Changes that happen while others are on their way go
 * with the next lot, one change a topic; a lot that fails is sent again later.
 */
export class Presences {
  readonly #redis: Installation
  readonly #keys: Keys
  readonly #node: string
  readonly #failed: (error: unknown, topic: string) => void
  readonly #own = new Map<string, Map<string, PresenceRecord>>()
  /** The topics that Redis knows this node to have presences in. */
  #listed = new Set<string>()
  #untold = new Map<string, Untold>()
  #telling: Promise<void> | undefined

  constructor(redis: Installation, keys: Keys, node: string, failed: (error: unknown, topic: string) => void) {
    this.#redis = redis
    this.#keys = keys
    this.#node = node
    this.#failed = failed
  }

  change(topic: string, change: PresenceChange): void {
    let own = this.#own.get(topic)
    if (own === undefined) this.#own.set(topic, (own = new Map()))
    const before = own
    this.#untoldOf(topic).add(change, (ref) => before.has(ref))
    for (const ref of change.leaves) own.delete(ref)
    for (const record of change.joins) own.set(record.ref, record)
    if (own.size === 0) this.#own.delete(topic)
    void this.tell()
  }

  /** Tells what was not told yet. Resolves once it was, or has failed. */
  tell(): Promise<void> {
    return (this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined)))
  }

  /** Tells everything once more: Redis has forgotten it. */
  again(): Promise<void> {
    this.#listed = new Set()
    for (const [topic, own] of this.#own) this.#untoldOf(topic).add({ joins: own.values(), leaves: [] }, maybe)
    return this.tell()
  }

  async snapshot(topic: string): Promise<{ version: number; records: PresenceRecord[] }> {
    const fields = await this.#redis.ask("HGETALL", this.#keys.presences(topic))
    // As a list or as an object, by the version of the protocol.
    const flat = Array.isArray(fields)
      ? (fields as Buffer[])
      : Object.entries(fields as Record<string, Buffer>).flatMap(([field, value]) => [Buffer.from(field), value])
    return readSnapshot(flat, this.#node, (error) => this.#failed(error, topic))
  }

  #untoldOf(topic: string): Untold {
    let untold = this.#untold.get(topic)
    if (untold === undefined) this.#untold.set(topic, (untold = new Untold()))
    return untold
  }

  async #tellAll(): Promise<void> {
    // Changes of one turn are sent together.
    await undefined
    while (this.#untold.size > 0 && this.#redis.up) {
      const lot = this.#untold
      this.#untold = new Map()
      const told: boolean[] = []
      await atOnce(lot, async ([topic, untold]) => void told.push(await this.#tell(topic, untold)))
      // A failed change is sent again later, not at once.
      if (told.includes(false)) return
    }
  }

  /** Takes a topic off the list, which would grow with every topic that was ever entered on this node. */
  async #unlist(topic: string): Promise<void> {
    // Before it is asked for: a change that comes meanwhile has to list the topic again.
    this.#listed.delete(topic)
    await this.#redis.ask("SREM", this.#keys.nodeTopics(this.#node), topic)
  }

  async #tell(topic: string, untold: Untold): Promise<boolean> {
    if (untold.joins.size + untold.leaves.size === 0) return true
    untold.sent()
    try {
      if (!this.#listed.has(topic)) await this.#redis.ask("SADD", this.#keys.nodeTopics(this.#node), topic)
      this.#listed.add(topic)
      const joins = [...untold.joins.values()]
      const leaves = [...untold.leaves]
      await this.#redis.run(
        CHANGE,
        [this.#keys.presences(topic)],
        this.#keys.channel(topic),
        this.#node,
        JSON.stringify({ joins, leaves }),
        String(leaves.length),
        ...leaves.map((ref) => `${this.#node}:${ref}`),
        ...joins.flatMap((record) => [`${this.#node}:${record.ref}`, JSON.stringify(record)]),
      )
      if (!this.#own.has(topic) && !this.#untold.has(topic)) await this.#unlist(topic)
      return true
    } catch (error) {
      const newer = this.#untold.get(topic)
      if (newer !== undefined) untold.add({ joins: newer.joins.values(), leaves: newer.leaves }, maybe)
      this.#untold.set(topic, untold)
      this.#failed(error, topic)
      return false
    }
  }
}
