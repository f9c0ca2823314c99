import { monitorEventLoopDelay } from "node:perf_hooks"
import { setTimeout as wait } from "node:timers/promises"
import { WebSocket } from "ws"
import { Socket, webSocket, type Channel, type WebSocketClass } from "rookery"
import { FIRST, weighSession } from "./priority.js"
import type { HonestReport } from "./reports.js"

weighSession(FIRST)

const CLIENTS = 10
/** The interval of each client's pushes, and that of new clients. */
const PUSH_MS = 25
const ARRIVAL_MS = 200
/** The time that an honest client waits. */
const PATIENCE_MS = 5000

const url = `ws://127.0.0.1:${process.argv[2]}/socket`
const transport = webSocket({ WebSocket: WebSocket as unknown as WebSocketClass })

let latencies: number[] = []
let arrivals: number[] = []
let lost = 0
let cpu = process.cpuUsage()

const delays = monitorEventLoopDelay({ resolution: 2 })
delays.enable()

const open = (): Socket => {
  const socket = new Socket(url, { transport, timeout: PATIENCE_MS })
  socket.connect()
  return socket
}

async function push(room: Channel): Promise<void> {
  const started = performance.now()
  const sent = Math.random()
  try {
    const answer = (await room.push("echo", { sent })) as { sent: number }
    if (answer.sent !== sent) lost++
    latencies.push(performance.now() - started)
  } catch {
    lost++
  }
}

async function stay(n: number): Promise<void> {
  const socket = open()
  socket.onClose(() => lost++)
  const room = await socket.join(`room:honest ${n}`)
  for (;;) {
    // Clients do not push in step, nor wait for the answer: a slow answer must not delay the next push.
    await wait(PUSH_MS * (0.5 + Math.random()))
    void push(room)
  }
}

async function arrive(): Promise<void> {
  const started = performance.now()
  const socket = open()
  try {
    await socket.join("room:honest arrivals")
    arrivals.push(performance.now() - started)
  } catch {
    lost++
  } finally {
    socket.destroy()
  }
}

for (let n = 0; n < CLIENTS; n++) void stay(n)
setInterval(() => void arrive(), ARRIVAL_MS)

process.on("message", () => {
  const ordered = (times: number[]): number[] => times.sort((a, b) => a - b)
  const loopP99 = delays.percentile(99) / 1e6
  const { user, system } = process.cpuUsage(cpu)
  process.send?.({
    latencies: ordered(latencies),
    arrivals: ordered(arrivals),
    lost,
    loopP99,
    cpu: (user + system) / 1e6,
  } satisfies HonestReport)
  cpu = process.cpuUsage()
  delays.reset()
  latencies = []
  arrivals = []
  lost = 0
})
process.once("disconnect", () => process.exit())
process.send?.("ready")
