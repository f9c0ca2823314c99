import { monitorEventLoopDelay } from "node:perf_hooks"
import { Endpoint, Refused, type LimitName } from "rookery/server"
import { usedBytes } from "../heap.js"
import { LIMITS } from "./limits.js"
import { FIRST, weighSession } from "./priority.js"
import type { ServerQuestion, ServerReport } from "./reports.js"

weighSession(FIRST)

/** How often the busy room is told something, and how much. */
const BUSY_MS = 20
const BUSY_BYTES = 2000

const endpoint = new Endpoint({
  limits: LIMITS,
  // A log that is written nowhere is written all the same: what is said of attackers costs what it costs.
  logger: () => {},
  connect({ params, authToken }) {
    if (authToken !== null || params["token"] !== undefined) throw new Refused({ reason: "bad token" })
  },
})
endpoint.socket("/packed", { compress: true })
endpoint.channel("room:*", {
  join: () => ({}),
  receive: {
    echo: (payload) => payload,
    slow: () => new Promise((resolve) => setTimeout(resolve, 1000)),
    shout: (payload, room) => void room.broadcast("shout", payload),
  },
})
endpoint.channel("busy", {})

let hits: Partial<Record<LimitName, number>> = {}
let error: string | undefined
endpoint.on("limitHit", ({ limit }) => (hits[limit] = (hits[limit] ?? 0) + 1))
endpoint.on("error", ({ error: thrown }) => (error ??= String(thrown)))

const news = "x".repeat(BUSY_BYTES)
setInterval(() => endpoint.broadcast("busy", "news", news), BUSY_MS)

const delays = monitorEventLoopDelay({ resolution: 2 })
delays.enable()
let before = endpoint.counters()
let cpu = process.cpuUsage()
let [mostUsed, mostRss, mostSockets] = [0, 0, 0]
const measure = (): void => {
  const { heapUsed, external, rss } = process.memoryUsage()
  mostUsed = Math.max(mostUsed, heapUsed + external)
  mostRss = Math.max(mostRss, rss)
  mostSockets = Math.max(mostSockets, endpoint.counters().rookery_sockets)
}
setInterval(measure, 50)

function report(used: number): ServerReport {
  measure()
  const now = endpoint.counters()
  const { user, system } = process.cpuUsage(cpu)
  const made: ServerReport = {
    hits,
    refused: now.rookery_connects_refused_total - before.rookery_connects_refused_total,
    rejected: now.rookery_frames_rejected_total - before.rookery_frames_rejected_total,
    malformed: now.rookery_requests_malformed_total - before.rookery_requests_malformed_total,
    joinsRefused: now.rookery_joins_refused_total - before.rookery_joins_refused_total,
    sockets: now.rookery_sockets,
    channels: now.rookery_channels,
    topics: now.rookery_topics,
    loopP99: delays.percentile(99) / 1e6,
    loopMax: delays.max / 1e6,
    cpu: (user + system) / 1e6,
    used,
    rss: process.memoryUsage().rss,
    mostUsed,
    mostRss,
    mostSockets,
    error,
  }
  before = now
  cpu = process.cpuUsage()
  hits = {}
  error = undefined
  mostUsed = mostRss = mostSockets = 0
  delays.reset()
  return made
}

process.on("message", async (question: ServerQuestion) => {
  const { heapUsed, external } = process.memoryUsage()
  process.send?.(report(question === "settle" ? await usedBytes() : heapUsed + external))
})
process.once("disconnect", () => process.exit())

const { port } = await endpoint.listen({ port: 0, host: "127.0.0.1", backlog: 4096 })
process.send?.(port)
