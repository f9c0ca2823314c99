import { createAdapter as pubSubAdapter } from "@socket.io/redis-adapter"
import { createAdapter as streamsAdapter } from "@socket.io/redis-streams-adapter"
import { createClient } from "redis"
import type { redis as redisFunction } from "../../lib/redis.js"
import { BEFORE } from "../harness/bundle.js"
import { rookery, socketIo } from "../server/servers.js"

// The listener is for the end, when the Redis may go first: without it, the process would log errors.
const connect = (url: string) =>
  createClient({ url })
    .on("error", () => {})
    .connect()

async function ours(url: string, tree = "rookery"): Promise<number> {
  const { redis } = (await import(new URL(`${tree}-redis.js`, import.meta.url).href)) as { redis: typeof redisFunction }
  return rookery({ cluster: redis(await connect(url)), tree })
}

/** Starts one node over the Redis at a URL, and returns its port. All nodes use the same Redis client. */
export const NODES: Readonly<Record<string, (url: string) => Promise<number>>> = {
  rookery: (url) => ours(url),
  [BEFORE]: (url) => ours(url, BEFORE),
  "rookery, numbered": (url) => ours(url),
  // The setup of its documentation, without the search for bytes in payloads.
  "socket.io streams": async (url) => socketIo(streamsAdapter(await connect(url), { onlyPlaintext: true })),
  "socket.io pub/sub": async (url) => {
    const client = await connect(url)
    return socketIo(pubSubAdapter(client, await connect(url)))
  },
}
