import { atOnce } from "./at-once.js"
import type { Installation } from "./installation.js"
import type { Keys } from "./keys.js"
import { RENEW, SWEEP } from "./scripts.js"

/** Tracks which nodes are alive, including this one, and removes the data of dead ones. */
export class Living {
  readonly #redis: Installation
  readonly #keys: Keys
  readonly #node: string
  readonly #leaseMs: number
  #renewedAt = -Infinity
  /** Whether this node has counted as dead since {@link Living.renew} last reported it. */
  #wasOut = false

  constructor(redis: Installation, keys: Keys, node: string, leaseMs: number) {
    this.#redis = redis
    this.#keys = keys
    this.#node = node
    this.#leaseMs = leaseMs
  }

  /** Whether other nodes may consider this node dead by now. */
  get overdue(): boolean {
    return performance.now() - this.#renewedAt > this.#leaseMs / 2
  }

  /**
   * Reports that this node is alive. Returns whether it counted as dead since the last time, and which other nodes are
   * dead. If this node is itself late, it reports no dead nodes: Redis may have been unreachable for all nodes, or the
   * whole machine may have been paused.
   */
  async renew(): Promise<{ wasOut: boolean; dead: string[] }> {
    const isLate = this.overdue
    const dead = await this.#renew()
    const wasOut = this.#wasOut
    this.#wasOut = false
    return { wasOut, dead: isLate ? [] : dead }
  }

  /** The number of living nodes. */
  async count(): Promise<number> {
    const dead = await this.#renew()
    return Number(await this.#redis.ask("ZCARD", this.#keys.nodes)) - dead.length
  }

  /**
   * Removes the data of a dead node. Two nodes may safely do this at once. The node's own entry is removed last, so
   * that a node that comes back in the meantime notices.
   */
  async sweep(node: string): Promise<void> {
    const topics = (await this.#redis.ask("SMEMBERS", this.#keys.nodeTopics(node))) as Iterable<Buffer>
    await atOnce(topics, async (bytes) => {
      const topic = String(bytes)
      await this.#redis.run(SWEEP, [this.#keys.presences(topic)], this.#keys.channel(topic), node)
    })
    await this.#redis.ask("DEL", this.#keys.nodeTopics(node))
    await this.#redis.ask("ZREM", this.#keys.nodes, node)
  }

  async #renew(): Promise<string[]> {
    const [added, dead] = (await this.#redis.run(RENEW, [this.#keys.nodes], this.#node, String(this.#leaseMs))) as [
      number,
      Buffer[],
    ]
    this.#renewedAt = performance.now()
    // Kept until it is handled: a caller that only counts the nodes does not restore the presences.
    this.#wasOut ||= Number(added) === 1
    return dead.map(String)
  }
}
