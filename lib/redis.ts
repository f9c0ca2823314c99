export { redis } from "./redis/redis.js"
export type { NodeRedis } from "./redis/redis-client.js"
export type { RedisOptions } from "./redis/redis-cluster.js"
