import { createAdapter as pubSubAdapter } from "@socket.io/redis-adapter"
import { createAdapter as streamsAdapter } from "@socket.io/redis-streams-adapter"
import { createClient } from "redis"
import type { redis as redisFunction } from "../../lib/redis.js"
import { BEFORE } from "../harness/bundle.js"
import { rookery, socketIo } from "../server/servers.js"

// The listener is for the end, when the Redis may go first: without one, the process would say so at length.
const connect = (url: string) =>
  createClient({ url })
    .on("error", () => {})
    .connect()

async function ours(url: string, tree = "rookery"): Promise<number> {
  const { redis } = (await import(new URL(`${tree}-redis.js`, import.meta.url).href)) as { redis: typeof redisFunction }
  return rookery({ cluster: redis(await connect(url)), tree })
}

/** Starts one node by way of the Redis at a URL, and gives its port. All of them use the same Redis client. */
export const NODES: Readonly<Record<string, (url: string) => Promise<number>>> = {
  rookery: (url) => ours(url),
  [BEFORE]: (url) => ours(url, BEFORE),
  "rookery, numbered": (url) => ours(url),
  // As its pages have it, and spared the search for bytes in what it is given.
  "socket.io streams": async (url) => socketIo(streamsAdapter(await connect(url), { onlyPlaintext: true })),
  "socket.io pub/sub": async (url) => {
    const client = await connect(url)
    return socketIo(pubSubAdapter(client, await connect(url)))
  },
}
