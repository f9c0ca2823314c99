import { Keys, ShardKeys } from "./keys.js"
import type { Listener, RedisClient } from "./redis-client.js"

/** A kind of pub/sub: its commands, and the names that go with them. */
export interface PubSub {
  readonly publish: "PUBLISH" | "SPUBLISH"
  keys(prefix: string): Keys
  subscribe(client: RedisClient, channels: string[], listener: Listener): Promise<unknown>
  unsubscribe(client: RedisClient, channels: string[], listener: Listener): Promise<unknown>
}

/** The pub/sub of a single Redis. */
export const PLAIN: PubSub = {
  publish: "PUBLISH",
  keys: (prefix) => new Keys(prefix),
  subscribe: (client, channels, listener) => client.subscribe(channels, listener, true),
  unsubscribe: (client, channels, listener) => client.unsubscribe(channels, listener, true),
}

/** The sharded pub/sub of a Redis Cluster: a message stays on the shard of its channel. */
export const SHARDED: PubSub = {
  publish: "SPUBLISH",
  keys: (prefix) => new ShardKeys(prefix),
  // One command accepts only channels of one slot.
  subscribe: (client, channels, listener) =>
    Promise.all(channels.map((channel) => client.sSubscribe([channel], listener, true))),
  unsubscribe: (client, channels, listener) =>
    Promise.all(channels.map((channel) => client.sUnsubscribe([channel], listener, true))),
}
