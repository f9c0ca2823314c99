import { inStep, sent } from "./redis-commands.js"
import { RedisServer } from "./redis-server.js"
import { until } from "./until.js"

/** The name of the master at the Sentinel. */
export const MASTER = "main"

/**
 * A master, a replica, and a Sentinel that promotes it, in separate processes. The Sentinel takes nothing for dead by
 * itself, because on a busy machine that would be a master that is alive, now and then: it is told to.
 */
export class RedisSentinel implements AsyncDisposable {
  readonly sentinel: RedisServer
  /** The servers, of which one is the master. */
  readonly servers: readonly RedisServer[]

  private constructor(sentinel: RedisServer, servers: readonly RedisServer[]) {
    this.sentinel = sentinel
    this.servers = servers
  }

  static async start(): Promise<RedisSentinel> {
    const started: RedisServer[] = []
    try {
      const master = await RedisServer.start()
      started.push(master)
      started.push(await RedisServer.start("--replicaof", "127.0.0.1", String(master.port)))
      await inStep(master)
      const sentinel = await RedisServer.startSentinel(
        `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 1`,
        `sentinel down-after-milliseconds ${MASTER} 600000`,
      )
      return new RedisSentinel(sentinel, started)
    } catch (error) {
      for (const server of started) await server[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The master that the Sentinel names. */
  async master(): Promise<RedisServer> {
    const [, port] = (await sent(this.sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)) as [string, string]
    const master = this.servers.find((server) => server.port === Number(port))
    if (master === undefined) throw new Error(`the master at ${port} is none of these servers`)
    return master
  }

  /** Has the Sentinel promote the replica, and waits until it names it. */
  async failOver(): Promise<void> {
    const former = await this.master()
    // It refuses while it has not heard of the replica.
    await until(() => sent(this.sentinel, "SENTINEL", "FAILOVER", MASTER))
    await until(async () => {
      if ((await this.master()) === former) throw new Error("the replica is not promoted yet")
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.sentinel, ...this.servers].map((server) => server[Symbol.asyncDispose]()))
  }
}
