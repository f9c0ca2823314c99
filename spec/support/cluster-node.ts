import { createClient, createCluster, createSentinel } from "redis"
import { redis, type NodeRedis } from "rookery/redis"
import { Endpoint, Refused } from "rookery/server"
import { parseArgs } from "node:util"

/** One node of a cluster in a separate process: prints its port, and runs the commands of its standard input. */
const { values } = parseArgs({
  options: {
    redis: { type: "string" },
    // Or the URL of one server of a Redis Cluster.
    shards: { type: "string" },
    // Or the port of a Sentinel, whose master is "main".
    sentinel: { type: "string" },
    prefix: { type: "string" },
    port: { type: "string", default: "0" },
    timeout: { type: "string", default: "2000" },
    lease: { type: "string", default: "6000" },
    history: { type: "string", default: "1000" },
    batch: { type: "string", default: "1000" },
    // How far its clock is ahead, in milliseconds.
    skew: { type: "string", default: "0" },
    // Of cluster-workers.ts, whose workers run this.
    workers: { type: "string" },
  },
})

const now = Date.now.bind(Date)
Date.now = () => now() + Number(values.skew)

function made(): NodeRedis & { on(event: "error", listener: () => void): unknown } {
  const { redis: url = "", shards, sentinel } = values
  if (shards !== undefined) return createCluster({ rootNodes: [{ url: shards }] })
  if (sentinel === undefined) return createClient({ url })
  return createSentinel({ name: "main", sentinelRootNodes: [{ host: "127.0.0.1", port: Number(sentinel) }] })
}

const client = made()
client.on("error", () => {})
await client.connect()

const endpoint = new Endpoint({
  cluster: redis(client, {
    prefix: values.prefix ?? "rookery",
    timeoutMs: Number(values.timeout),
    leaseMs: Number(values.lease),
  }),
  connect: ({ params }) => ({ id: `user:${String(params["name"])}`, assigns: { name: String(params["name"]) } }),
  limits: { connectionsPerAddress: 10_000 },
  logger: false,
})

const history = { size: Number(values.history), ttl: 600_000 }

endpoint.channel("room:*", {
  receive: { shout: (payload, room) => void room.broadcast("shout", payload) },
  joined: (room) => room.track(room.assigns.name, {}),
})

endpoint.channel("log:*", {
  history,
  receive: {
    // The push succeeds once its message is kept; a push of the same number later adds nothing.
    async add(payload, room) {
      try {
        await room.broadcast("added", payload, { once: String(payload.n) })
      } catch {
        throw new Refused({ reason: "unavailable" })
      }
    },
  },
})

endpoint.on("clusterHealth", ({ healthy }) => console.log(healthy ? "healthy" : "unhealthy"))
endpoint.on("error", ({ error, where }) => console.error(where, error))

const { port } = await endpoint.listen({ port: Number(values.port) })
console.log(`listening at ${port}`)

const commands: Record<string, (...words: string[]) => unknown> = {
  disconnect: (id = "") => endpoint.disconnect(id),
  kick: (topic = "", id = "") => endpoint.kick(topic, id),
  count: (topic) => endpoint.count(topic),
  sockets: () => endpoint.counters().rookery_sockets,
  names: async (topic = "") => Object.keys(await endpoint.allPresences(topic)).sort(),
  say: (topic = "", text = "") => endpoint.broadcast(topic, "shout", { text }),
  async close() {
    await endpoint.close({ batchSize: Number(values.batch), batchMs: 100 })
    client.destroy()
    setImmediate(() => process.exit(0))
  },
}

process.stdin.setEncoding("utf8").on("data", (chunk: string) => {
  for (const line of chunk.split("\n").filter(Boolean)) {
    const [name = "", ...words] = line.split(" ")
    Promise.resolve(commands[name]?.(...words)).then(
      (answer) => console.log(`did ${line}: ${String(answer)}`),
      (error: unknown) => console.log(`failed ${line}: ${(error as { code?: string }).code}`),
    )
  }
})
