import type { Cluster } from "../server/api/cluster.js"
import { nodeRedis, type NodeRedis } from "./redis-client.js"
import { RedisCluster, type RedisOptions } from "./redis-cluster.js"

/**
 * Makes one endpoint of those of many nodes, by way of Redis or Valkey.
 *
 * ```ts
 * const client = await createClient().connect() // of the package `redis`
 * const endpoint = new Endpoint({ cluster: redis(client) })
 * ```
 *
 * @param client yours, of node-redis; two connections more are made of it, and it is left alone otherwise
 */
export function redis(client: NodeRedis, options?: RedisOptions): Cluster {
  return new RedisCluster(nodeRedis(client), options)
}
