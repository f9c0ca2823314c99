import { atOnce } from "./at-once.js"
import type { Installation } from "./installation.js"
import type { Keys } from "./keys.js"
import { RENEW, SWEEP } from "./scripts.js"

/** Which nodes are alive, this one among them; and away with what dead ones have left. */
export class Living {
  readonly #redis: Installation
  readonly #keys: Keys
  readonly #node: string
  readonly #leaseMs: number
  #renewedAt = -Infinity
  /** Whether it has counted as dead since {@link Living.renew} last said so. */
  #wasOut = false

  constructor(redis: Installation, keys: Keys, node: string, leaseMs: number) {
    this.#redis = redis
    this.#keys = keys
    this.#node = node
    this.#leaseMs = leaseMs
  }

  /** Whether others may by now think that this node is dead. */
  get overdue(): boolean {
    return performance.now() - this.#renewedAt > this.#leaseMs / 2
  }

  /**
   * Says that this node lives. Gives whether it counted as dead since the last time, and which others do. A node that is
   * late itself names none: Redis may have been away, or this process have stood still, and the others with it.
   */
  async renew(): Promise<{ wasOut: boolean; dead: string[] }> {
    const isLate = this.overdue
    const dead = await this.#renew()
    const wasOut = this.#wasOut
    this.#wasOut = false
    return { wasOut, dead: isLate ? [] : dead }
  }

  /** How many nodes live. */
  async count(): Promise<number> {
    const dead = await this.#renew()
    return Number(await this.#redis.ask("ZCARD", this.#keys.nodes)) - dead.length
  }

  /**
   * Takes away what a node left. Two that do it at once do it once, and a node that comes back meanwhile finds out: it
   * is counted out last.
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
    // Kept until it is acted upon: who only asks for the number of nodes brings no presences back.
    this.#wasOut ||= Number(added) === 1
    return dead.map(String)
  }
}
