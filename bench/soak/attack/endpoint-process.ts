import { monitorEventLoopDelay } from "node:perf_hooks"
import { isRookeryError } from "rookery"
import type { Counters, LimitName } from "rookery/server"
import { usedBytes } from "../heap.js"
import { Hosts } from "./hosts.js"
import { FIRST, weighSession } from "./priority.js"
import type { ServerQuestion, ServerReport } from "./reports.js"

weighSession(FIRST)

/** The interval of broadcasts to the busy room, and their size. */
const BUSY_MS = 20
const BUSY_BYTES = 2000

const hosts = new Hosts(process.argv[2])
const endpoint = hosts.main
const NAMES = Object.keys(endpoint.counters()) as (keyof Counters)[]

let hits: Partial<Record<LimitName, number>> = {}
let error: string | undefined
for (const each of hosts.all) {
  each.on("limitHit", ({ limit }) => (hits[limit] = (hits[limit] ?? 0) + 1))
  each.on("error", ({ error: thrown }) => {
    // An event without a handler crashes its channel, as in Phoenix. That is no error of the endpoint.
    if (!isRookeryError(thrown) || thrown.code !== "handler_failed") error ??= String(thrown)
  })
}

/** The sums of the counters of all endpoints. */
function counted(): Counters {
  const [first, ...rest] = hosts.all.map((each) => each.counters())
  const sum = { ...(first as Counters) }
  for (const counters of rest) for (const name of NAMES) sum[name] += counters[name]
  return sum
}

const news = "x".repeat(BUSY_BYTES)
setInterval(() => endpoint.broadcast("busy", "news", news), BUSY_MS)

const delays = monitorEventLoopDelay({ resolution: 2 })
delays.enable()
let before = counted()
let cpu = process.cpuUsage()
let [mostUsed, mostRss, mostSockets, mostConnections] = [0, 0, 0, 0]
const measure = (): void => {
  const { heapUsed, external, rss } = process.memoryUsage()
  mostUsed = Math.max(mostUsed, heapUsed + external)
  mostRss = Math.max(mostRss, rss)
  mostSockets = Math.max(mostSockets, counted().rookery_sockets)
  const connections = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length
  mostConnections = Math.max(mostConnections, connections)
}
setInterval(measure, 50)

function report(used: number): ServerReport {
  measure()
  const now = counted()
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
    mostConnections,
    asked: hosts.asked,
    mostRuns: Math.max(0, ...hosts.runs.values()),
    error,
  }
  before = now
  cpu = process.cpuUsage()
  hits = {}
  error = undefined
  mostUsed = mostRss = mostSockets = mostConnections = 0
  hosts.asked = 0
  hosts.runs.clear()
  delays.reset()
  return made
}

process.on("message", async (question: ServerQuestion) => {
  const { heapUsed, external } = process.memoryUsage()
  process.send?.(report(question === "settle" ? await usedBytes() : heapUsed + external))
})
process.once("disconnect", () => process.exit())

process.send?.(await hosts.listen())
