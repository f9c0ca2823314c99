import { OddServer } from "../../support/odd-server.js"
import type { Backend } from "./backend.js"
import { Life } from "./life.js"
import type { Nonsense } from "./nonsense.js"

/** Runs a client whose first server talks nonsense. Throws unless it is connected to a good server in the end. */
export async function meet(backend: Backend, { name: what, answer, comes }: Nonsense): Promise<void> {
  const name = `${what} #${++backend.lives}`
  await using server = await OddServer.before(backend.port, answer)
  using life = new Life(name, server, "text")
  const { socket } = life
  socket.connect()
  const room = socket.channel("room:1")
  const joins: string[] = []
  room.join().receive("ok", () => joins.push("ok"))
  life.push(room, true)
  if (comes === "kept") {
    // The pushes get no answer, but the connection is as good as before.
    await life.until("told", () => life.told)
    if (server.lines > 1) throw new Error(`${name}: the connection was given up`)
    server.cutFirst()
  }
  for (let i = 0; life.outcomes.at(-1) !== "ok"; i++) {
    if (i === 20) throw new Error(`${name}: the last pushes ended with ${life.outcomes.join()}`)
    await life.until("joined", () => room.state === "joined" && life.told)
    life.push(room, true)
    await life.until("answered", () => life.told)
  }
  // On a busy machine fake time may pass too soon for an attempt, which costs some more attempts, but not many.
  if (!socket.isConnected() || server.lines < 2 || server.lines > 9)
    throw new Error(`${name}: ${socket.status} by connection ${server.lines}`)
  const [first] = life.closes
  if (first === undefined) throw new Error(`${name}: no close event came`)
  if (typeof comes === "number" && first.code !== comes) throw new Error(`${name}: it ended with ${first.code}`)
  if (comes === "refused" && life.errors.length === 0) throw new Error(`${name}: no error event came`)
  socket.destroy()
  if (life.clock.pending > 0) throw new Error(`${name}: ${life.clock.pending} timers wait after destroy`)
}

/** Runs a client that has only this server. Throws unless it gives up, and reports why. */
export async function giveUpOn({ port }: Backend, { name, answer }: Nonsense): Promise<void> {
  await using server = await OddServer.before(port, answer, Infinity)
  using life = new Life(name, server, "text", { maxReconnectAttempts: 2 })
  const { socket } = life
  let why: unknown
  let lost: unknown
  socket.onStatus((status, change) => (lost = status === "disconnected" ? change.lost?.error : lost))
  socket.connect()
  socket.opened().catch((error: unknown) => (why = error))
  const room = socket.channel("room:1")
  room.join()
  await life.until("given up", () => socket.status === "disconnected" && why !== undefined)
  if (server.lines !== 3) throw new Error(`${name}: ${server.lines} attempts`)
  const { code } = why as { code?: string }
  if (code !== "connect_failed" && code !== "connect_refused") throw new Error(`${name}: it says ${String(why)}`)
  if (lost === undefined) throw new Error(`${name}: the status does not say why`)
}
