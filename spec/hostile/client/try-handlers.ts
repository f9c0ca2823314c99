import type { Message } from "rookery"
import { Chance } from "../random.js"
import { pass } from "./commands.js"
import { finish } from "./try-client.js"
import { settle, World } from "./world.js"

/** Errors that the client may rightly throw at such a moment. */
const EXPECTED: ReadonlySet<unknown> = new Set(["already_joined", "not_joined", "destroyed"])

/** An app whose handlers may call anything during a join, a leave or the end of the connection. */
class Walk {
  readonly world = new World()
  readonly chance: Chance
  acts = 0
  destroyed = false
  /** The calls that the handlers of one step may still make; two that answer each other would never end. */
  #left = 0
  readonly #answered = new Set<Message>()

  constructor(seed: number) {
    this.chance = new Chance(seed)
    const { world } = this
    const { socket } = world
    const handle = (): void => this.#within()
    for (const channel of world.channels) {
      channel.onClose(handle)
      channel.onError(handle)
      channel.on("hello", handle)
    }
    socket.onOpen(handle)
    socket.onClose(handle)
    socket.onStatus(handle)
    world.onAnswer = handle
  }

  #within(): void {
    if (this.#left <= 0 || this.chance.happens(0.6)) return
    this.#left--
    this.app()
  }

  /** Stops all calls from handlers. */
  rest(): void {
    this.#left = 0
  }

  /** Makes a random call of the app. */
  app(): void {
    const { world, chance } = this
    const which = chance.below(world.channels.length)
    this.acts++
    try {
      const what = chance.below(this.destroyed ? 30 : 31)
      if (what < 6) world.socket.connect()
      else if (what < 8) world.socket.disconnect()
      else if (what < 16) world.join(which)
      else if (what < 20) world.channels[which]?.leave()
      else if (what < 28) world.push(which, chance.happens(0.4))
      else if (what < 30) world.pushes.at(-1)?.abort.abort()
      else if (chance.happens(0.3)) {
        this.destroyed = true
        world.socket.destroy()
      }
    } catch (error) {
      if (!EXPECTED.has((error as { code?: unknown }).code)) throw error
    }
  }

  /** Takes a random step of the server, the connection or the clock. */
  async server(): Promise<void> {
    const { world, chance } = this
    const { line } = world
    const topic = chance.of(["room:1", "room:2"])
    const what = chance.below(12)
    if (what < 4) {
      if (line !== undefined && world.socket.connectionState() === "connecting") line.events.open()
      for (const message of line?.received.slice(-5) ?? []) {
        if (message.event === "heartbeat" || this.#answered.has(message)) continue
        this.#answered.add(message)
        world.reply(message, chance.of(["ok", "ok", "ok", "error"]))
      }
    } else if (what === 4) world.send({ topic, event: "hello" })
    else if (what === 5) world.endJoin(topic, chance.of(["phx_error", "phx_close"]))
    else if (what === 6 && line !== undefined) world.end(line)
    else if (what === 7) {
      const closing = world.lines.find((each) => each.closing && !each.over)
      if (closing !== undefined) world.end(closing, 1000)
    } else if (what === 8) world.silent = !world.silent
    else await pass(world, chance.of([1, 100, 1000, 1500, 10_000, 31_000, 65_000]))
  }

  async step(): Promise<void> {
    this.#left = 8
    if (this.chance.happens(0.5)) this.app()
    else await this.server()
    await settle()
    const { wrongs, clock } = this.world
    if (wrongs.length > 0) throw new Error(wrongs.join())
    if (this.destroyed && clock.pending > 0) throw new Error(`after destroy ${clock.pending} timers wait`)
  }
}

/** Runs apps whose handlers may call anything. Throws at the first broken rule. */
export async function tryHandlers(
  walks: number,
  seed: number,
): Promise<{ walks: number; acts: number; pushes: number }> {
  const tried = { walks: 0, acts: 0, pushes: 0 }
  for (let i = 0; i < walks; i++) {
    const walk = new Walk(seed + i)
    try {
      for (let step = 0; step < 40; step++) await walk.step()
      walk.rest()
      await finish(walk.world)
    } catch (cause) {
      throw new Error(`seed ${seed + i}: ${String(cause)}`, { cause })
    } finally {
      walk.world.socket.destroy()
    }
    tried.walks++
    tried.acts += walk.acts
    tried.pushes += walk.world.pushes.length
  }
  return tried
}
