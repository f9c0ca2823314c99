import { randomUUID } from "node:crypto"
import { createClient } from "redis"
import { afterAll, beforeAll } from "vitest"
import { redis } from "rookery/redis"
import { MemoryCluster, MemoryHub, type Cluster } from "rookery/server"
import { HAS_REDIS, RedisServer } from "./redis-server.js"

/** Makes one cluster object per node of an endpoint; all of them share one backend. */
export type MakeNodes = (count: number) => Promise<Cluster[]>

/** The backends that can join several nodes to one endpoint, for the tests of one file. */
export function backends(): [name: string, nodes: MakeNodes][] {
  let server: RedisServer | undefined
  const clients: { destroy(): void }[] = []
  if (HAS_REDIS) {
    beforeAll(async () => {
      server = await RedisServer.start()
    })
    afterAll(async () => {
      for (const client of clients) client.destroy()
      await server?.[Symbol.asyncDispose]()
    })
  }
  const inMemory: MakeNodes = async (count) => {
    const hub = new MemoryHub()
    return Array.from({ length: count }, () => new MemoryCluster(hub))
  }
  const overRedis: MakeNodes = async (count) => {
    const prefix = randomUUID()
    const nodes: Cluster[] = []
    for (let i = 0; i < count; i++) {
      const client = createClient({ url: server?.url ?? "" })
      client.on("error", () => {})
      await client.connect()
      clients.push(client)
      nodes.push(redis(client, { prefix, leaseMs: 1500 }))
    }
    return nodes
  }
  return [["in memory", inMemory], ...(HAS_REDIS ? [["over Redis", overRedis] as [string, MakeNodes]] : [])]
}
