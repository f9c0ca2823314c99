import { atOnce } from "./at-once.js"
import type { Keys } from "./keys.js"
import type { Link } from "./redis-link.js"
import { RENEW, SWEEP } from "./scripts.js"

/** Which nodes are alive, this one among them; and away with what dead ones have left. */
export class Living {
  readonly #link: Link
  readonly #keys: Keys
  readonly #node: string
  readonly #leaseMs: number
  #renewedAt = -Infinity

  constructor(link: Link, keys: Keys, node: string, leaseMs: number) {
    this.#link = link
    this.#keys = keys
    this.#node = node
    this.#leaseMs = leaseMs
  }

  /** Whether others may by now think that this node is dead. */
  get overdue(): boolean {
    return performance.now() - this.#renewedAt > this.#leaseMs / 2
  }

  /** Says that this node lives. Gives whether it counted as dead, and which others do. */
  async renew(): Promise<{ wasOut: boolean; dead: string[] }> {
    const [added, dead] = (await this.#link.run(RENEW, [this.#keys.nodes], this.#node, String(this.#leaseMs))) as [
      number,
      Buffer[],
    ]
    this.#renewedAt = performance.now()
    return { wasOut: Number(added) === 1, dead: dead.map(String) }
  }

  /** How many nodes live. */
  async count(): Promise<number> {
    const { dead } = await this.renew()
    return Number(await this.#link.ask("ZCARD", this.#keys.nodes)) - dead.length
  }

  /**
   * Takes away what a node left. Two that do it at once do it once, and a node that comes back meanwhile finds out: it
   * is counted out last.
   */
  async sweep(node: string): Promise<void> {
    const topics = (await this.#link.ask("SMEMBERS", this.#keys.nodeTopics(node))) as Iterable<Buffer>
    await atOnce(topics, async (bytes) => {
      const topic = String(bytes)
      await this.#link.run(SWEEP, [this.#keys.presences(topic)], this.#keys.channel(topic), node)
    })
    await this.#link.ask("DEL", this.#keys.nodeTopics(node))
    await this.#link.ask("ZREM", this.#keys.nodes, node)
  }
}
