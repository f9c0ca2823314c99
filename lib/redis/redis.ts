import type { Cluster } from "../server/api/cluster.js"
import type { Reach } from "./installation.js"
import { MasterClient } from "./master-client.js"
import { OneRedis } from "./one-redis.js"
import { PLAIN } from "./pub-sub.js"
import { knownClient, type NodeRedis, type RedisClient } from "./redis-client.js"
import { RedisCluster, type RedisOptions } from "./redis-cluster.js"
import { Shards } from "./shards.js"

function reached(given: NodeRedis): Reach {
  const { kind, client } = knownClient(given)
  if (kind === "createCluster") return (timeoutMs, events) => new Shards(client, timeoutMs, events)
  const make = (): RedisClient =>
    kind === "createSentinel" ? new MasterClient(client) : client.duplicate({ disableOfflineQueue: true })
  return (timeoutMs, events) => new OneRedis(make, PLAIN, timeoutMs, events)
}

/**
 * Connects the endpoints of many nodes through Redis or Valkey, so that they act as one.
 *
 * ```ts
 * const client = await createClient().connect() // of the package `redis`
 * const endpoint = new Endpoint({ cluster: redis(client) })
 * ```
 *
 * @param client your node-redis client, made by `createClient`, by `createSentinel` for the master that Sentinels name,
 * or by `createCluster` for a Redis Cluster; its settings are used for two more connections to each Redis, and the
 * client itself is left alone
 */
export function redis(client: NodeRedis, options?: RedisOptions): Cluster {
  return new RedisCluster(reached(client), options)
}
