import type { PresenceChange, PresenceRecord } from "../server/api/cluster.js"
import { atOnce } from "./at-once.js"
import type { Installation } from "./installation.js"
import type { Keys } from "./keys.js"
import { CHANGE } from "./scripts.js"
import { readSnapshot } from "./topic.js"

/** Changes of one topic that have not been sent yet. */
class Untold {
  readonly joins = new Map<string, PresenceRecord>()
  readonly leaves = new Set<string>()
  /**
   * Joins that no other node has seen: a presence that joins and leaves while Redis is unreachable needs no message.
   */
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

  /** Records that the changes were sent. Other nodes may know them from now on, even if the command fails. */
  sent(): void {
    this.#unknown.clear()
  }
}

/** Whether another node may know a ref. */
type Known = (ref: string) => boolean

const maybe: Known = () => true

/**
 * Sends the presences of this node to Redis. Changes that happen while others are in flight go with the next batch, one
 * change for each topic; a batch that fails is sent again later.
 */
export class Presences {
  readonly #redis: Installation
  readonly #keys: Keys
  readonly #node: string
  readonly #failed: (error: unknown, topic: string) => void
  readonly #own = new Map<string, Map<string, PresenceRecord>>()
  /** The topics that Redis lists for this node's presences. */
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

  /** Sends the unsent changes. Resolves once they were sent, or have failed. */
  tell(): Promise<void> {
    return (this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined)))
  }

  /** Sends everything again, because Redis has lost it. */
  again(): Promise<void> {
    this.#listed = new Set()
    for (const [topic, own] of this.#own) this.#untoldOf(topic).add({ joins: own.values(), leaves: [] }, maybe)
    return this.tell()
  }

  async snapshot(topic: string): Promise<{ version: number; records: PresenceRecord[] }> {
    const fields = await this.#redis.ask("HGETALL", this.#keys.presences(topic))
    // RESP2 returns a list, RESP3 an object.
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
    // Changes within one turn are sent together.
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

  /** Removes a topic from the list, which would otherwise grow with every topic ever entered on this node. */
  async #unlist(topic: string): Promise<void> {
    // Before the request, because a change in the meantime has to list the topic again.
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
