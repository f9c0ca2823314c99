import { ByteProxy, type Carried, type Fault } from "../../support/byte-proxy.js"
import type { Backend } from "./backend.js"
import { Life, type Manner } from "./life.js"

/** The outcomes of one client on a faulty network. */
export interface Lived {
  readonly outcomes: readonly (string | undefined)[]
  readonly lines: readonly Carried[]
  readonly struck: boolean
  readonly errors: number
  readonly timers: number
}

const BYTES = Uint8Array.from({ length: 200 }, (_, i) => i)

/** Runs through all uses of a connection while it has one fault. Throws unless all ends well. */
export async function liveOn(backend: Backend, manner: Manner, what: string, fault?: Fault): Promise<Lived> {
  const name = `${what} #${++backend.lives}`
  await using proxy = await ByteProxy.to(backend.port, fault)
  using life = new Life(name, proxy, manner)
  const { socket } = life
  socket.connect()
  const room = socket.channel("room:1", {}, { recover: true })
  const shouts: unknown[] = []
  room.on("shout", (payload) => shouts.push(payload))
  room.join()
  // The first push waits for the join, the second may be sent again.
  life.push(room)
  life.push(room, true)
  await life.until("joined", () => room.state === "joined" && life.told)
  life.push(room)
  if (manner !== "long-poll") life.push(room, false, BYTES)
  room.push("shout", { n: 1 })
  await life.until("answered", () => life.told)

  let ended = false
  socket.disconnect(() => (ended = true))
  await life.until("disconnected", () => ended)
  if (socket.status !== "disconnected") throw new Error(`${name}: ${socket.status} after disconnect`)

  socket.connect()
  await life.until("connected again", () => socket.isConnected() && room.state === "joined")
  // The fault may come as late as now. The client gives up a silent connection after a minute of fake time, and a
  // long-poll request in real time.
  const tries = manner === "long-poll" ? 2000 : 8
  for (let i = 0; life.outcomes.at(-1) !== "ok" || i === 0; i++) {
    if (i === tries) throw new Error(`${name}: the last pushes ended with ${life.outcomes.slice(-8).join()}`)
    life.push(room, true)
    await life.until("answered at last", () => life.told)
  }
  for (const outcome of life.outcomes) {
    if (!["ok", "disconnected", "timeout", "channel_crashed"].includes(String(outcome)))
      throw new Error(`${name}: a push ended with ${outcome}`)
  }
  // A push with retry takes effect once, however often it was sent.
  const effects = backend.effects.get(`${name} 1`) ?? 0
  if (effects > 1 || (effects === 0 && life.outcomes[1] === "ok"))
    throw new Error(`${name}: a push that is sent again took effect ${effects} times, and ended ${life.outcomes[1]}`)
  for (const at of life.outcomes.keys()) {
    const times = backend.effects.get(`${name} ${at}`) ?? 0
    if (times > 1) throw new Error(`${name}: push ${at} took effect ${times} times`)
  }
  const dead = fault !== undefined && fault.kind !== "late" && fault.line === 0
  if (dead && proxy.struck && proxy.carried.length > 2 && life.errors.length + life.closes.length === 0)
    throw new Error(`${name}: nobody said why the line was lost`)
  socket.destroy()
  if (life.clock.pending > 0) throw new Error(`${name}: ${life.clock.pending} timers wait after destroy`)
  return {
    outcomes: life.outcomes,
    lines: proxy.carried,
    struck: proxy.struck,
    errors: life.errors.length,
    timers: life.timers,
  }
}
