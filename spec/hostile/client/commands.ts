import * as fc from "fast-check"
import type { Model, ChannelModel } from "./model.js"
import { settle, type World } from "./world.js"

/** A step of the app, the server or the connection. */
interface Doing {
  readonly says: string
  /** Whether the step can happen now. */
  readonly can?: (model: Readonly<Model>) => boolean
  readonly does: (model: Model, world: World) => unknown
}

/** Throws unless the world matches the model and has broken no rule. */
export function compare(model: Model, world: World): void {
  const { socket, clock } = world
  const is = {
    status: socket.status,
    channels: world.channels.map(({ state }) => state),
    joins: world.joins.map(({ outcomes }) => outcomes.join()),
    pushes: world.pushes.map(({ outcomes }) => outcomes.join()),
    wrongs: world.wrongs,
  }
  const ought = {
    status: model.status,
    channels: model.channels.map(({ state }) => state),
    joins: model.joins.map((outcome = "") => outcome),
    pushes: model.pushes.map(({ outcome = "" }) => outcome),
    wrongs: [],
  }
  const [a, b] = [JSON.stringify(is), JSON.stringify(ought)]
  if (a !== b) throw new Error(`it is       ${a}\nit ought to ${b}`)
  for (const { answers, outcomes } of world.pushes) {
    if (answers.length > 1) throw new Error(`a push was answered twice: ${answers.join()}`)
    const [answer] = answers
    if (answer !== undefined && answer !== "timeout" && answer !== outcomes[0]) {
      throw new Error(`a push that is ${outcomes.join()} was answered with ${answer}`)
    }
  }
  // The most timers: one for the connection, and one for each closing connection, room and push.
  const most =
    1 + world.lines.filter(({ closing, over }) => closing && !over).length + model.channels.length + model.pushes.length
  if (clock.pending > (model.destroyed ? 0 : most)) throw new Error(`${clock.pending} timers wait`)
  if (!model.wanted && !model.destroyed && model.tries > 0 && world.lastChange?.lost === undefined) {
    throw new Error("it gave up and did not say why")
  }
}

class Command implements fc.AsyncCommand<Model, World> {
  constructor(readonly doing: Doing) {}

  check(model: Readonly<Model>): boolean {
    return this.doing.can?.(model) ?? true
  }

  async run(model: Model, world: World): Promise<void> {
    await this.doing.does(model, world)
    await settle()
    compare(model, world)
  }

  toString(): string {
    return this.doing.says
  }
}

/** Expects an error of this code. */
function fails(code: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    if ((error as { code?: string }).code === code) return
    throw error
  }
  throw new Error(`nothing was thrown instead of ${code}`)
}

const alive = (model: Readonly<Model>): boolean => !model.destroyed
const isOpen = (model: Readonly<Model>): boolean => model.line === "open"
const holder = (model: Readonly<Model>, topic: string): ChannelModel | undefined => {
  const which = model.current.get(topic)
  return which === undefined ? undefined : model.channels[which]
}

const connect: Doing = {
  says: "connect",
  does(model, { socket }) {
    if (model.destroyed) return fails("destroyed", () => socket.connect())
    socket.connect()
    model.connect()
  },
}

const disconnect: Doing = {
  says: "disconnect",
  does(model, { socket }) {
    socket.disconnect()
    model.disconnect()
  },
}

const opens: Doing = {
  says: "the line opens",
  can: ({ line }) => line === "connecting",
  does(model, world) {
    world.line?.events.open()
    model.opened()
  },
}

const refuses: Doing = {
  says: "the server refuses",
  can: ({ line }) => line === "connecting",
  does(model, world) {
    const { line } = world
    if (line === undefined) throw new Error("there is no line")
    line.events.error(new Error("refused"))
    world.end(line)
    model.ended()
  },
}

const cut: Doing = {
  says: "the line is cut",
  can: isOpen,
  does(model, world) {
    const { line } = world
    if (line === undefined) throw new Error("there is no line")
    world.end(line)
    model.ended()
  },
}

const closeHeard: Doing = {
  says: "the other end hears the close",
  does(model, world) {
    const line = world.lines.find(({ over, closing }) => closing && !over)
    if (line === undefined) return
    const isNewest = world.lines.at(-1) === line
    world.end(line, 1000)
    if (isNewest && model.line === "closing") model.ended()
  },
}

const join = (which: number): Doing => ({
  says: `join ${which}`,
  does(model, world) {
    if (model.destroyed) return fails("destroyed", () => world.join(which))
    if (model.channels[which]?.state !== "closed") return fails("already_joined", () => world.join(which))
    world.join(which)
    model.join(which)
  },
})

const leave = (which: number): Doing => ({
  says: `leave ${which}`,
  does(model, world) {
    world.channels[which]?.leave()
    model.leave(which)
  },
})

const push = (which: number, retry: boolean): Doing => ({
  says: `push to ${which}${retry ? " with retry" : ""}`,
  does(model, world) {
    if (model.pushes.length >= 20) return
    const { join } = model.channels[which] as ChannelModel
    if (join === undefined) return fails("not_joined", () => world.push(which, retry))
    world.push(which, retry)
    model.push(which, retry)
  },
})

const abort = (id: number): Doing => ({
  says: `abort push ${id}`,
  can: ({ pushes }) => id < pushes.length,
  does(model, world) {
    world.pushes[id]?.abort.abort()
    model.aborted(id)
  },
})

const joinReply = (topic: string, status: string): Doing => ({
  says: `${status} to the join of ${topic}`,
  can: (model) => isOpen(model) && holder(model, topic)?.state === "joining",
  does(model, world) {
    const asked = world.openLine?.received.findLast(
      (message) => message.event === "phx_join" && message.topic === topic,
    )
    if (asked === undefined) throw new Error(`no join of ${topic} came`)
    world.reply(asked, status)
    model.joinAnswered(model.current.get(topic) as number, status)
  },
})

const lateReply = (topic: string): Doing => ({
  says: `a second and a late answer to joins of ${topic}`,
  can: (model) => isOpen(model) && holder(model, topic)?.state !== "joining",
  does(_model, world) {
    for (const line of world.lines) {
      for (const message of line.received) {
        if (message.event === "phx_join" && message.topic === topic) {
          world.send({ ...message, event: "phx_reply", payload: { status: "ok", response: {} } })
        }
      }
    }
  },
})

const lateEnd = (topic: string): Doing => ({
  says: `the ends of earlier joins of ${topic}`,
  can: isOpen,
  does(_model, world) {
    const current = world.channels.map((channel) => channel.joinRef())
    const refs = world.lines.flatMap(({ received }) => received.filter(({ event }) => event === "phx_join"))
    for (const { ref } of refs.filter((join) => join.topic === topic && !current.includes(join.ref))) {
      for (const event of ["phx_error", "phx_close"]) world.send({ topic, event, join_ref: ref, ref })
    }
  },
})

const pushReply = (id: number, status: string): Doing => ({
  says: `${status} to push ${id}`,
  can: (model) => isOpen(model) && id < model.pushes.length,
  does(model, world) {
    const asked = world.openLine?.received.findLast(
      ({ event, payload }) => event === "e" && (payload as { id: number }).id === id,
    )
    if (asked === undefined) return
    world.reply(asked, status)
    model.pushAnswered(id, status)
  },
})

const roomEnds = (topic: string, event: "phx_error" | "phx_close"): Doing => ({
  says: `${event} of ${topic}`,
  can: isOpen,
  does(model, world) {
    const which = model.current.get(topic)
    const lives = world.openLine?.alive.has(topic) === true
    world.endJoin(topic, event)
    if (which === undefined || !lives) return
    if (event === "phx_close") model.closed(which)
    else model.crashed(which)
  },
})

const silence = (silent: boolean): Doing => ({
  says: silent ? "heartbeats stay without an answer" : "heartbeats are answered",
  does(model, world) {
    world.silent = silent
    model.silent = silent
  },
})

const wait = (ms: number): Doing => ({
  says: `${ms} ms pass`,
  async does(model, world) {
    // Time passes in steps, so that pending answers arrive before the next timer is due.
    await pass(world, ms)
    model.pass(ms)
  },
})

const destroy: Doing = {
  says: "destroy",
  can: alive,
  does(model, { socket }) {
    socket.destroy()
    model.destroy()
  },
}

/** Lets time pass in the world, and promises settle after each timer. */
export async function pass(world: World, ms: number): Promise<void> {
  const { clock } = world
  const end = clock.now() + ms
  for (let next = clock.next(); next <= end; next = clock.next()) {
    clock.pass(next - clock.now())
    await settle()
  }
  clock.pass(end - clock.now())
}

const ROOMS = [0, 1, 2]
const of = <T>(values: readonly T[], make: (value: T) => Doing): fc.Arbitrary<Doing> =>
  fc.constantFrom(...values).map(make)

const anyPushId = fc.nat(19)
const topic = fc.constantFrom("room:1", "room:2")

/** Any step, in any order. */
const anyDoing: fc.Arbitrary<Doing> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(opens) },
  { weight: 4, arbitrary: fc.constant(connect) },
  { weight: 1, arbitrary: fc.constant(disconnect) },
  { weight: 1, arbitrary: fc.constant(refuses) },
  { weight: 2, arbitrary: fc.constant(cut) },
  { weight: 1, arbitrary: fc.constant(closeHeard) },
  { weight: 4, arbitrary: of(ROOMS, join) },
  { weight: 1, arbitrary: of(ROOMS, leave) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...ROOMS), fc.boolean()).map(([which, retry]) => push(which, retry)),
  },
  { weight: 1, arbitrary: anyPushId.map(abort) },
  {
    weight: 6,
    arbitrary: fc.tuple(topic, fc.constantFrom("ok", "ok", "ok", "error")).map(([t, s]) => joinReply(t, s)),
  },
  { weight: 1, arbitrary: topic.map(lateReply) },
  { weight: 1, arbitrary: topic.map(lateEnd) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(6), fc.constantFrom("ok", "error", "other")).map(([id, s]) => pushReply(id, s)),
  },
  { weight: 1, arbitrary: topic.map((t) => roomEnds(t, "phx_error")) },
  { weight: 1, arbitrary: topic.map((t) => roomEnds(t, "phx_close")) },
  { weight: 1, arbitrary: of([true, false], silence) },
  { weight: 4, arbitrary: of([1, 99, 100, 999, 1000, 1500, 7000, 10_000, 31_000, 65_000], wait) },
)

/** Combines steps into one. */
const together = (says: string, ...all: readonly Doing[]): Doing => ({
  says,
  async does(model, world) {
    for (const doing of all) {
      if (!(doing.can?.(model) ?? true)) continue
      await doing.does(model, world)
      await settle()
      compare(model, world)
    }
  },
})

// A useful beginning, which random steps seldom find.
const enters = together(
  "connects and joins",
  ...[connect, opens, join(0), joinReply("room:1", "ok"), join(1), push(0, false), push(0, true), push(1, false)],
)
const comesBack = together("comes back", wait(100), opens, joinReply("room:1", "ok"), joinReply("room:2", "ok"))

const asCommand = (doings: fc.Arbitrary<Doing>): fc.Arbitrary<fc.AsyncCommand<Model, World>> =>
  doings.map((doing) => new Command(doing))

/** Random steps in any order, in some runs with the destruction of the socket among them. */
export const anyCommands: fc.Arbitrary<Iterable<fc.AsyncCommand<Model, World>>> = fc.commands(
  [
    asCommand(
      fc.oneof(
        { weight: 150, arbitrary: anyDoing },
        { weight: 8, arbitrary: fc.constant(enters) },
        { weight: 12, arbitrary: fc.constant(comesBack) },
        { weight: 1, arbitrary: fc.constant(destroy) },
      ),
    ),
  ],
  { maxCommands: 80, size: "max" },
)
