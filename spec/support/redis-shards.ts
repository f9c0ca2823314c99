import { createClient, createCluster } from "redis"
import { vi } from "vitest"
import type { NodeRedis } from "rookery/redis"
import { slotOf, SLOTS } from "../../lib/redis/slots.js"
import { freePort } from "./free-port.js"
import { PATIENCE } from "./patience.js"
import { RedisServer } from "./redis-server.js"

const MASTERS = 3

const sent = async (server: RedisServer, ...command: string[]): Promise<unknown> => {
  const client = createClient({ url: server.url, socket: { reconnectStrategy: false } })
  client.on("error", () => {})
  await client.connect()
  try {
    return await client.sendCommand(command)
  } finally {
    client.destroy()
  }
}

/** A Redis Cluster of three masters in separate processes, with or without a replica of each. */
export class RedisShards implements AsyncDisposable {
  readonly masters: readonly RedisServer[]
  /** The replica of the master at the same index. */
  readonly replicas: readonly RedisServer[]

  private constructor(masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.masters = masters
    this.replicas = replicas
  }

  /**
   * Starts one. With replicas they replace a master that is silent for a second; without, nothing should take a busy
   * machine's for silent.
   */
  static async start({ replicas = false } = {}): Promise<RedisShards> {
    const timeoutMs = replicas ? 1000 : 60_000
    const server = async (): Promise<RedisServer> => {
      const bus = ["--cluster-port", String(await freePort()), "--cluster-node-timeout", String(timeoutMs)]
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
    const [first] = this.masters as [RedisServer]
    const per = Math.ceil(SLOTS / MASTERS)
    for (const [i, master] of this.masters.entries()) {
      const [from, to] = [i * per, Math.min(SLOTS, (i + 1) * per) - 1]
      await sent(master, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to))
      await sent(master, "CLUSTER", "SET-CONFIG-EPOCH", String(i + 1))
    }
    for (const server of this.#servers.slice(1)) {
      const bus = (await sent(first, "CONFIG", "GET", "cluster-port")) as Record<string, string>
      await sent(server, "CLUSTER", "MEET", "127.0.0.1", String(first.port), String(bus["cluster-port"]))
    }
    await this.#all(`cluster_known_nodes:${this.#servers.length}`)
    for (const [i, replica] of this.replicas.entries()) {
      const master = String(await sent(this.masters[i] as RedisServer, "CLUSTER", "MYID"))
      await vi.waitFor(() => sent(replica, "CLUSTER", "REPLICATE", master), PATIENCE)
    }
    await this.#all("cluster_state:ok")
    const linked = async (): Promise<void> => {
      for (const master of this.masters) {
        const info = String(await sent(master, "INFO", "replication"))
        if (this.replicas.length > 0 && !/state=online/.test(info)) throw new Error(`no replica yet: ${info}`)
      }
    }
    await vi.waitFor(linked, PATIENCE)
  }

  /** Waits until every server says something of the cluster. */
  async #all(text: string): Promise<void> {
    for (const server of this.#servers) {
      await vi.waitFor(async () => {
        const info = String(await sent(server, "CLUSTER", "INFO"))
        if (!info.includes(text)) throw new Error(`not ${text} at ${server.port}: ${info}`)
      }, PATIENCE)
    }
  }
}
