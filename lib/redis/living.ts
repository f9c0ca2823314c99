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
  /** Whether it has counted as dead since {@link Living.renew} last said so. */
  #wasOut = false

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

  async #renew(): Promise<string[]> {
    const [added, dead] = (await this.#link.run(RENEW, [this.#keys.nodes], this.#node, String(this.#leaseMs))) as [
      number,
      Buffer[],
    ]
    this.#renewedAt = performance.now()
    // Kept until it is acted upon: who only asks for the number of nodes brings no presences back.
    this.#wasOut ||= Number(added) === 1
    return dead.map(String)
  }
}
