import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createClient } from "redis"
import { metrics } from "rookery/metrics"
import { redis } from "rookery/redis"
import { Endpoint, jsonLogger } from "rookery/server"

const { PORT = "4000", METRICS_PORT = "9464", TRUST_PROXY = "0", ORIGINS, REDIS_URL } = process.env
/** Shorter than the time that the orchestrator gives a process to end: see docs/DEPLOY.md. */
const DRAIN_MS = 20_000
const log = jsonLogger()

// Several processes are one endpoint by Redis; a single one needs none.
const client = REDIS_URL ? createClient({ url: REDIS_URL }) : undefined
client?.on("error", (error) => log("warn", "Redis reports an error", { error }))
await client?.connect()

const endpoint = new Endpoint({
  logger: log,
  trustProxy: Number(TRUST_PROXY), // the number of proxies in front
  ...(ORIGINS && { origins: ORIGINS.split(",") }), // the pages that may connect: https://example.com
  ...(client && { cluster: redis(client) }),
})
endpoint.channel("room:*", {
  // A client is told the address that limits count it by, so that one look shows whether TRUST_PROXY is right.
  join: ({ socket }) => ({ address: socket.address }),
  receive: { shout: (payload, room) => room.broadcast("shout", payload) },
})
const measured = metrics(endpoint)

let isDraining = false
const server = createServer((request, response) => {
  if (request.url === "/health") response.end("ok\n")
  else if (request.url === "/ready") response.writeHead(!isDraining && endpoint.healthy ? 200 : 503).end()
  else response.writeHead(404).end()
})
// A proxy keeps idle connections, Caddy for two minutes. Where Node ends one sooner, a request on its way is lost.
server.keepAliveTimeout = 130_000
endpoint.attach(server)

// A port of its own, which no proxy serves.
const metricsServer = createServer((request, response) => {
  if (request.url !== "/metrics") return void response.writeHead(404).end()
  response.setHeader("content-type", measured.contentType)
  response.end(measured.text())
})

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    log("info", `drains for at most ${DRAIN_MS} ms`, {})
    isDraining = true
    await endpoint.close({ deadlineMs: DRAIN_MS })
    log("info", "has drained", {})
    process.exit(0)
  })
}

await endpoint.ready()
metricsServer.listen(Number(METRICS_PORT), () => {
  server.listen(Number(PORT), () => {
    const [port, metricsPort] = [server, metricsServer].map((it) => (it.address() as AddressInfo).port)
    log("info", `listens on port ${port}, for metrics on port ${metricsPort}`, {})
  })
})
