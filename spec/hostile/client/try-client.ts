import * as fc from "fast-check"
import { anyCommands, compare, pass } from "./commands.js"
import { Model } from "./model.js"
import { settle, World } from "./world.js"

/** The numbers of tried runs, commands and their parts. */
export interface ClientTried {
  runs: number
  commands: number
  pushes: number
  joins: number
  lines: number
}

/** Ends a run: the server becomes helpful, and then the socket is destroyed. */
export async function finish(world: World): Promise<void> {
  const { socket, clock } = world
  world.helpful = true
  world.silent = false
  const { line } = world
  if (socket.connectionState() === "connecting") line?.events.open()
  else if (line !== undefined) {
    for (const message of line.received) if (message.event !== "heartbeat") world.reply(message, "ok")
  }
  // The first round runs the last handlers, the second round everything that they start.
  for (let i = 0; i < 2; i++) {
    await settle()
    await pass(world, 120_000)
    await settle()
  }
  const states = world.channels.map(({ state }) => state)
  if (!["connected", "disconnected"].includes(socket.status)) throw new Error(`it ends ${socket.status}`)
  if (socket.status === "connected") {
    if (states.some((state) => state !== "joined" && state !== "closed")) throw new Error(`rooms end ${states.join()}`)
    const open = world.pushes.filter(({ outcomes }) => outcomes.length !== 1)
    if (open.length > 0) throw new Error(`${open.length} pushes end without an outcome`)
  }
  socket.destroy()
  await settle()
  for (const { outcomes } of [...world.pushes, ...world.joins]) {
    if (outcomes.length !== 1) throw new Error(`after destroy a push has the outcomes [${outcomes.join()}]`)
  }
  if (clock.pending > 0) throw new Error(`after destroy ${clock.pending} timers wait`)
  if (world.wrongs.length > 0) throw new Error(world.wrongs.join())
}

/** Runs random commands on a real socket and on its model. Throws at the first difference. */
export async function tryClient(runs: number, seed: number, path?: string): Promise<ClientTried> {
  const tried: ClientTried = { runs: 0, commands: 0, pushes: 0, joins: 0, lines: 0 }
  const property = fc.asyncProperty(anyCommands, async (commands) => {
    const model = new Model()
    const world = new World()
    const list = [...commands]
    try {
      await fc.asyncModelRun(() => ({ model, real: world }), list)
      compare(model, world)
      await finish(world)
    } finally {
      world.socket.destroy()
    }
    tried.runs++
    tried.commands += list.length
    tried.pushes += world.pushes.length
    tried.joins += world.joins.length
    tried.lines += world.lines.length
  })
  await fc.assert(property, { numRuns: runs, seed, ...(path !== undefined && { path }) })
  return tried
}
