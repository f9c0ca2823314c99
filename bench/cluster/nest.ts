import { Remote } from "../server/remote.js"
import { NUMBERED } from "../server/subjects.js"
import { Redis } from "./redis.js"

/** The work of a cluster for some publishes. */
export interface Work {
  readonly publishes: number
  readonly deliveries: number
  /** The elapsed nanoseconds. */
  readonly took: number
}

/** A topic with this name, with the prefix of the subject's topics. */
export const topicOf = (subject: string, name: string): string => `${subject === NUMBERED ? "log" : "room"}:${name}`

/** Some nodes of one kind, over a separate Redis. */
export class Nest {
  readonly remotes: readonly Remote[]
  readonly redis: Redis

  private constructor(remotes: readonly Remote[], redis: Redis) {
    this.remotes = remotes
    this.redis = redis
  }

  static async start(subject: string, nodes: number): Promise<Nest> {
    const redis = await Redis.start()
    const remotes: Remote[] = []
    process.once("exit", () => {
      for (const remote of remotes) remote.stop()
      // The nodes get a moment to end; otherwise they would log that their Redis is gone.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      redis.stop()
    })
    for (let i = 0; i < nodes; i++) remotes.push(await Remote.start(subject, redis.url))
    return new Nest(remotes, redis)
  }

  /** The CPU time of all nodes, in nanoseconds. */
  async #usage(settled: boolean): Promise<{ cpu: number; user: number }> {
    const usages = await Promise.all(this.remotes.map((remote) => remote.usage(settled ? "settled usage" : "usage")))
    const sum = (of: "cpu" | "user"): number => usages.reduce((total, usage) => total + usage[of], 0)
    return { cpu: sum("cpu"), user: sum("user") }
  }

  /** Runs some publishes, and returns their cost. */
  async measure(work: () => Promise<Work>): Promise<Record<string, number>> {
    const before = await this.#usage(true)
    const redisBefore = await this.redis.usage()
    const { publishes, deliveries, took } = await work()
    const redisAfter = await this.redis.usage()
    const after = await this.#usage(false)
    const cpu = after.cpu - before.cpu
    const user = after.user - before.user
    return {
      deliveries: deliveries / (took / 1e9),
      "CPU a delivery": cpu / deliveries,
      "of it not the kernel's": user / deliveries,
      "CPU a publish": cpu / publishes,
      "Redis CPU a publish": (redisAfter.cpu - redisBefore.cpu) / publishes,
      "Redis commands a publish": (redisAfter.commands - redisBefore.commands) / publishes,
      "Redis bytes in a publish": (redisAfter.bytesIn - redisBefore.bytesIn) / publishes,
      "Redis bytes out a publish": (redisAfter.bytesOut - redisBefore.bytesOut) / publishes,
    }
  }
}

/** The units of the numbers that {@link Nest.measure} returns. */
export const WORK_METRICS = {
  deliveries: "a second",
  "CPU a delivery": "ns",
  "of it not the kernel's": "ns",
  "CPU a publish": "ns",
  "Redis CPU a publish": "ns",
  "Redis commands a publish": "commands",
  "Redis bytes in a publish": "bytes",
  "Redis bytes out a publish": "bytes",
} as const
