import { createCluster } from "redis"
import type { NodeRedis } from "rookery/redis"
import { slotOf, SLOTS } from "../../lib/redis/slots.js"
import { freePort } from "./free-port.js"
import { inStep, sent } from "./redis-commands.js"
import { RedisServer } from "./redis-server.js"
import { until } from "./until.js"

const MASTERS = 3

/** A Redis Cluster of three masters in separate processes, with or without a replica of each. */
export class RedisShards implements AsyncDisposable {
  /** By the range of slots that they began with. */
  readonly masters: RedisServer[]
  /** The replica of the master at the same index. */
  readonly replicas: RedisServer[]

  private constructor(masters: RedisServer[], replicas: RedisServer[]) {
    this.masters = masters
    this.replicas = replicas
  }

  /** Starts one. Nothing in it takes a master for dead by itself, because on a busy machine that may be alive. */
  static async start({ replicas = false } = {}): Promise<RedisShards> {
    const server = async (): Promise<RedisServer> => {
      const bus = ["--cluster-port", String(await freePort()), "--cluster-node-timeout", "600000"]
      return RedisServer.start("--cluster-enabled", "yes", ...bus, "--cluster-allow-replica-migration", "no")
    }
    const count = replicas ? 2 * MASTERS : MASTERS
    const servers = await Promise.all(Array.from({ length: count }, server))
    const shards = new RedisShards(servers.slice(0, MASTERS), servers.slice(MASTERS))
    await shards.#form()
    return shards
  }

  get urls(): string[] {
    return this.#servers.map(({ url }) => url)
  }

  /** A client for the cluster, which knows the way to it by one server. */
  client(by: RedisServer = this.#servers[0] as RedisServer): NodeRedis {
    const client = createCluster({ rootNodes: [{ url: by.url }] })
    client.on("error", () => {})
    return client
  }

  /** A name whose slot a master has, by its index, in an installation that has not changed. */
  nameAt(master: number, prefix: string, suffix = ""): string {
    for (let i = 0; ; i++) {
      if (Math.floor((slotOf(`{:${prefix}${i}${suffix}}`) * MASTERS) / SLOTS) === master)
        return `${prefix}${i}${suffix}`
    }
  }

  /** The master that has the slot of a topic, as another one sees it. */
  async masterOf(topic: string, seenBy: RedisServer): Promise<number> {
    const slots = (await sent(seenBy, "CLUSTER", "SLOTS")) as [number, number, [string, number]][]
    const slot = slotOf(`{:${topic}}`)
    return slots.find(([from, to]) => from <= slot && slot <= to)?.[2][1] ?? 0
  }

  /** Sends a command to one of the servers. */
  ask(server: RedisServer, ...command: string[]): Promise<unknown> {
    return sent(server, ...command)
  }

  /** The master that has the slot of a topic, by what it says itself. */
  async ownerOf(topic: string): Promise<RedisServer> {
    return until(async () => {
      for (const master of this.masters) if ((await this.masterOf(topic, master)) === master.port) return master
      throw new Error(`no master has the slot of ${topic}`)
    })
  }

  /** Has the replica of a master that is dead take its place, by its index, without asking anybody. */
  async promote(index: number): Promise<void> {
    const [master, replica] = [this.masters[index], this.replicas[index]]
    if (master === undefined || replica === undefined) throw new Error(`there is no replica ${index}`)
    await sent(replica, "CLUSTER", "FAILOVER", "TAKEOVER")
    this.masters[index] = replica
    this.replicas[index] = master
  }

  /** Begins to move the slot of a topic. The returned functions move its keys, and end it. */
  async moveSlot(
    topic: string,
    from: RedisServer,
    to: RedisServer,
  ): Promise<{ keys(): Promise<void>; end(): Promise<void> }> {
    const slot = String(slotOf(`{:${topic}}`))
    const [source, target] = (await Promise.all([sent(from, "CLUSTER", "MYID"), sent(to, "CLUSTER", "MYID")])) as [
      string,
      string,
    ]
    await sent(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", source)
    await sent(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", target)
    return {
      async keys() {
        const keys = (await sent(from, "CLUSTER", "GETKEYSINSLOT", slot, "1000")) as string[]
        if (keys.length === 0) return
        await sent(from, "MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...keys)
      },
      async end() {
        for (const server of [to, from]) await sent(server, "CLUSTER", "SETSLOT", slot, "NODE", target)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()))
  }

  get #servers(): RedisServer[] {
    return [...this.masters, ...this.replicas]
  }

  async #form(): Promise<void> {
    const per = Math.ceil(SLOTS / MASTERS)
    await Promise.all(
      this.masters.map(async (master, i) => {
        const [from, to] = [i * per, Math.min(SLOTS, (i + 1) * per) - 1]
        await sent(master, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to))
        await sent(master, "CLUSTER", "SET-CONFIG-EPOCH", String(i + 1))
      }),
    )
    // Each meets each: gossip would take as long as a node may be silent.
    const meet = async (known: RedisServer, i: number): Promise<void> => {
      const bus = (await sent(known, "CONFIG", "GET", "cluster-port")) as Record<string, string>
      const address = ["127.0.0.1", String(known.port), String(bus["cluster-port"])]
      await Promise.all(this.#servers.slice(i + 1).map((server) => sent(server, "CLUSTER", "MEET", ...address)))
    }
    await Promise.all(this.#servers.map(meet))
    await this.#all(`cluster_known_nodes:${this.#servers.length}`)
    for (const [i, replica] of this.replicas.entries()) {
      const master = String(await sent(this.masters[i] as RedisServer, "CLUSTER", "MYID"))
      await until(() => sent(replica, "CLUSTER", "REPLICATE", master))
    }
    await this.#all("cluster_state:ok")
    if (this.replicas.length > 0) await Promise.all(this.masters.map((master) => inStep(master)))
  }

  /** Waits until every server says something of the cluster. */
  async #all(text: string): Promise<void> {
    for (const server of this.#servers) {
      await until(async () => {
        const info = String(await sent(server, "CLUSTER", "INFO"))
        if (!info.includes(text)) throw new Error(`not ${text} at ${server.port}: ${info}`)
      })
    }
  }
}
