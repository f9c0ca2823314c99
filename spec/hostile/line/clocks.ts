import { Socket, webSocket, type WebSocketClass } from "rookery"
import { WebSocket } from "ws"
import { ByteProxy, type Fault } from "../../support/byte-proxy.js"
import type { Chance } from "../random.js"
import type { Backend } from "./backend.js"
import { Life } from "./life.js"

const HOUR = 3_600_000

/** The fate of the connection while the laptop sleeps. */
export type Meanwhile = "nothing" | "cut" | "silent"

/** A laptop that sleeps for hours during pushes. Throws unless it is connected again afterwards. */
export async function sleepThrough(backend: Backend, meanwhile: Meanwhile, chance: Chance): Promise<void> {
  const name = `asleep, meanwhile ${meanwhile} #${++backend.lives}`
  // This byte is after the join, which takes some 700 bytes.
  const fault: Fault = { line: 0, way: "in", at: 800, kind: meanwhile === "cut" ? "cut" : "stall" }
  await using proxy = await ByteProxy.to(backend.port, meanwhile === "nothing" ? undefined : fault)
  using life = new Life(name, proxy, "text")
  const { socket, clock } = life
  socket.connect()
  const room = socket.channel("room:1", {}, { recover: true })
  room.join()
  await life.until("joined", () => room.state === "joined")
  for (let i = 0; i < 5; i++) life.push(room, i % 2 === 0)
  for (let i = 0; i < 3; i++) {
    const before = clock.pending
    clock.sleep((1 + chance.below(100)) * HOUR)
    // It may have timers for one new attempt and one heartbeat, but not for one of each per hour.
    if (clock.pending > before + 2) throw new Error(`${name}: ${clock.pending} timers wait after ${before}`)
  }
  await life.until("told", () => life.told)
  for (let i = 0; life.outcomes.at(-1) !== "ok" || i === 0; i++) {
    if (i === 8) throw new Error(`${name}: the last pushes ended with ${life.outcomes.join()}`)
    await life.until("joined", () => room.state === "joined")
    life.push(room, true)
    await life.until("answered", () => life.told)
  }
  if (proxy.carried.length > 3) throw new Error(`${name}: ${proxy.carried.length} lines`)
  socket.destroy()
  if (clock.pending > 0) throw new Error(`${name}: ${clock.pending} timers wait after destroy`)
}

/** Both ends while the date jumps by days, forward or back, at every look. */
export async function setTheDate({ port, effects }: Backend, chance: Chance): Promise<void> {
  const { now } = Date
  Date.now = () => now() + (chance.below(2001) - 1000) * 24 * HOUR
  try {
    const WebSocketOfWs = WebSocket as unknown as WebSocketClass
    using socket = new Socket(`ws://127.0.0.1:${port}/socket`, { transport: webSocket({ WebSocket: WebSocketOfWs }) })
    socket.connect()
    const room = await socket.join("room:dates", {}, { recover: true })
    let shouts = 0
    room.on("shout", () => shouts++)
    for (let i = 0; i < 20; i++) {
      await room.push("shout", { i })
      const id = `date ${chance.below(2 ** 31)}`
      await room.push("echo", { id }, { retry: true })
      if (effects.get(id) !== 1) throw new Error(`a push took effect ${effects.get(id)} times`)
      const rtt = await new Promise<number>((resolve) => socket.ping(resolve))
      if (!(rtt >= 0 && rtt < HOUR)) throw new Error(`a ping took ${rtt} ms`)
    }
    if (shouts !== 20) throw new Error(`${shouts} of 20 broadcasts came`)
    const { messages } = await room.history({ limit: 20 })
    if (messages.length !== 20) throw new Error(`${messages.length} of 20 broadcasts are kept`)
  } finally {
    Date.now = now
  }
}
