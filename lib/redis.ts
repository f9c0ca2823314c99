export { redis } from "./cluster/redis.js"
export type { NodeRedis } from "./cluster/redis-client.js"
export type { RedisOptions } from "./cluster/redis-cluster.js"
