import cluster from "node:cluster"
import { parseArgs } from "node:util"
import { createClient } from "redis"
import { redis } from "rookery/redis"
import { Endpoint, startWorkers, WorkerError } from "rookery/server"

/** A server of several workers in a process of its own: prints its port, its processes, and how it ended. */
const { values } = parseArgs({
  options: {
    redis: { type: "string", default: "" },
    prefix: { type: "string", default: "rookery" },
    port: { type: "string", default: "0" },
    count: { type: "string", default: "2" },
    fails: { type: "boolean", default: false },
  },
})

async function serve(): Promise<void> {
  if (values.fails) process.exit(7)
  const client = values.redis === "" ? undefined : createClient({ url: values.redis })
  client?.on("error", () => {})
  await client?.connect()
  const endpoint = new Endpoint({
    ...(client && { cluster: redis(client, { prefix: values.prefix, leaseMs: 1500 }) }),
    limits: { pollWindowMs: 120_000 },
    logger: false,
    connect: ({ address }) => ({ assigns: { address } }),
  })
  endpoint.channel("room:*", {
    history: { size: 1000, ttl: 600_000 },
    join: (_params, { assigns }) => ({ pid: process.pid, address: assigns.address }),
    receive: { shout: (payload, room) => room.broadcast("shout", payload) },
  })
  process.once("SIGTERM", async () => {
    await endpoint.close()
    client?.destroy()
    console.log(`worker ${process.pid} has drained`)
  })
  await endpoint.listen({ host: "127.0.0.1", port: Number(values.port) })
}

if (cluster.isPrimary) {
  cluster.on("fork", ({ process: { pid } }) => console.log(`worker ${pid} starts`))
  cluster.on("listening", (worker, { port }) => console.log(`worker ${worker.process.pid} listens at ${port}`))
  cluster.on("exit", (worker, code, signal) => console.log(`worker ${worker.process.pid} exits: ${signal || code}`))
  try {
    const { ended } = await startWorkers({ count: Number(values.count) })
    console.log(`primary ${process.pid} is ready`)
    await ended
    console.log("all have ended")
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error
    console.log(`failed with ${error.exitCode}: ${error.message}`)
  }
} else await serve()
