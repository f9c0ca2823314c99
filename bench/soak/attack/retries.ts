import { DEFAULT_LIMITS } from "rookery/server"
import { messageFrame, type Intruder, type Reply } from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"

/** Bounds on the memory of retries: for one client within a factor of two, and for one address's anonymous clients. */
const OF_ONE = 2 * DEFAULT_LIMITS.retryBytes
const OF_ADDRESS = DEFAULT_LIMITS.heldRetryBytes
const FOR_MS = 5000
const CLASS = "exactly once"

const timesOf = (reply: Reply | undefined): number =>
  ((reply?.response ?? {}) as { times?: number }).times ?? Number.NaN

/** No handler may run twice for one push. */
export const once = ({ mostRuns }: { readonly mostRuns: number }): readonly string[] =>
  mostRuns > 1 ? [`a push took effect ${mostRuns} times`] : []

/** Joins, or joins again. */
export async function joined(arena: Arena, topic: string, path?: string): Promise<Intruder> {
  const intruder = await arena.enter(path)
  await intruder.ask("1", "1", topic, "phx_join", {})
  return intruder
}

/** An unguessable id, as clients of Rookery make it. */
export const idOf = ({ chance }: Arena): string =>
  Array.from({ length: 22 }, () => chance.below(36).toString(36)).join("")

/** Sends new pushes on one socket, as fast as they are answered. */
async function retries(
  arena: Arena,
  topic: string,
  event: string,
  payloadOf: (n: number) => unknown,
  from = arena.target.from,
): Promise<void> {
  const intruder = await arena.enter(undefined, [], { from })
  intruder.send(messageFrame("1", "1", topic, "phx_join", {}))
  await intruder.until(() => intruder.frames > 0)
  for (let n = 0; !intruder.over && !arena.over; n += 500) {
    arena.tried(500)
    const pushes = Array.from({ length: 500 }, (_, i) =>
      messageFrame("1", `${n + i}~${idOf(arena)}`, topic, event, payloadOf(n + i)),
    )
    const { frames } = intruder
    intruder.send(Buffer.concat(pushes))
    await intruder.until(() => intruder.frames >= frames + 500 || arena.over)
  }
  arena.leave(intruder)
}

export const onceOnly: readonly Attack[] = [
  {
    name: "large answers kept",
    tried: "300 pushes of 70 bytes that may come twice, whose answers of 7 MB are kept",
    class: CLASS,
    forMs: FOR_MS,
    mostLeft: OF_ONE,
    counted: [],
    async run(arena) {
      const intruder = await joined(arena, "news:old")
      for (let n = 0; n < 300 && !intruder.over && !arena.over; n++) {
        arena.tried()
        await intruder.ask("1", `${n}~${idOf(arena)}`, "news:old", "phx_history", { limit: 20 })
      }
      arena.leave(intruder)
    },
  },
  {
    name: "long ids",
    tried: "200 pushes whose ids are of 1 MB",
    class: CLASS,
    forMs: FOR_MS,
    mostLeft: OF_ONE,
    counted: [],
    async run(arena) {
      const intruder = await joined(arena, "room:ids")
      for (let n = 0; n < 200 && !intruder.over && intruder.closeCode === undefined && !arena.over; n++) {
        arena.tried()
        const { frames } = intruder
        intruder.send(messageFrame("1", `1~${n}${"i".repeat(1_000_000)}`, "room:ids", "echo", {}))
        await intruder.until(() => intruder.frames > frames)
      }
      arena.leave(intruder)
    },
  },
  {
    name: "many ids",
    tried: "pushes with ids of 200 bytes on 20 sockets, as many as are answered",
    class: CLASS,
    forMs: FOR_MS,
    mostLeft: OF_ADDRESS,
    counted: [],
    run: (arena) => arena.crowd(20, () => retries(arena, "room:many", "echo", () => ({ text: "x".repeat(200) }))),
  },
  {
    name: "answers pushed out",
    tried: "a push that may come twice, and 120,000 of others before it comes again",
    class: CLASS,
    forMs: 12_000,
    mostLeft: OF_ADDRESS,
    counted: [],
    async run(arena) {
      const key = `victim ${idOf(arena)}`
      const id = idOf(arena)
      const victim = await joined(arena, "room:victim")
      await victim.ask("1", `2~${id}`, "room:victim", "count", { key })
      victim.leave()
      const lines = Array.from({ length: 30 }, () => retries(arena, "room:others", "echo", () => ({})))
      await Promise.all(lines)
      const again = await joined(arena, "room:victim")
      const reply = await again.ask("1", `3~${id}`, "room:victim", "count", { key })
      if (timesOf(reply) > 1) arena.gotIn("a push that took effect twice")
      arena.told(`an answer of ${reply?.status ?? "nobody"}`)
    },
  },
  {
    name: "answers of others",
    tried:
      "pushes with the id of another anonymous client: one that can be guessed, and what handlers are told of one that cannot",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(5, async () => {
        arena.tried()
        const victim = await joined(arena, "room:shared")
        const thief = await joined(arena, "room:shared")
        for (const id of [
          "1",
          "17",
          `${arena.chance.below(2 ** 31)}`,
          `${arena.chance.below(2 ** 31)}`.padEnd(19, "0"),
        ]) {
          const secret = `secret ${idOf(arena)}`
          await victim.ask("1", `2~${id}`, "room:shared", "echo", { secret })
          const stolen = await thief.ask("1", `2~${id}`, "room:shared", "echo", { nothing: 1 })
          if (JSON.stringify(stolen).includes(secret)) arena.gotIn("the answer of another client")
          const other = `${id}b`.slice(-19)
          await thief.ask("1", `3~${other}`, "room:shared", "echo", { taken: 1 })
          const own = await victim.ask("1", `3~${other}`, "room:shared", "echo", { secret })
          if (!JSON.stringify(own).includes(secret)) arena.gotIn("a push that another client took away")
        }
        const told = await victim.ask("1", `4~${idOf(arena)}`, "room:shared", "name", { key: "victim" })
        const { name = "none" } = (told?.response ?? {}) as { name?: string }
        const stolen = await thief.ask("1", `4~${name}`, "room:shared", "name", { key: "thief" })
        if (JSON.stringify(stolen).includes("victim")) arena.gotIn("the answer to a push by its public name")
        victim.leave()
        thief.leave()
      }),
  },
  {
    name: "silent pushes again",
    tried: "pushes without a reply that come twice, and a push behind them that must be answered",
    class: CLASS,
    forMs: 9000,
    counted: [],
    faults: once,
    run: (arena) =>
      arena.crowd(5, async () => {
        arena.tried()
        const id = idOf(arena)
        const intruder = await joined(arena, "room:silent")
        intruder.send(messageFrame("1", `2~${id}`, "room:silent", "silent", { key: id }))
        intruder.send(messageFrame("1", `3~${id}`, "room:silent", "silent", { key: id }))
        const answered = intruder.ask("1", "4", "room:silent", "echo", {})
        const late = arena.pause(3000).then(() => "late" as const)
        if ((await Promise.race([answered, late])) === "late") arena.gotIn("a channel that stands still")
        arena.leave(intruder)
      }),
  },
  {
    name: "one id everywhere",
    tried: "one id on other topics, other events and with other payloads: each push is one of its own",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(5, async () => {
        arena.tried()
        const id = idOf(arena)
        const intruder = await joined(arena, "room:a")
        await intruder.ask("1", "1", "room:b", "phx_join", {})
        const one = await intruder.ask("1", `2~${id}`, "room:a", "count", { key: `a ${id}` })
        const other = await intruder.ask("1", `3~${id}`, "room:b", "count", { key: `b ${id}` })
        const third = await intruder.ask("1", `4~${id}`, "room:a", "echo", { times: 1 })
        if (timesOf(one) !== 1 || timesOf(other) !== 1 || timesOf(third) !== 1) arena.gotIn("an answer of another push")
        arena.leave(intruder)
      }),
  },
  {
    name: "ids of other people",
    tried:
      "pushes with the id of a push of another client, which is known by another id, or at another path without one",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(5, async () => {
        arena.tried()
        const id = idOf(arena)
        const secret = `secret ${id}`
        const victim = await joined(arena, "room:named", "/socket/websocket?vsn=2.0.0&id=ada")
        await victim.ask("1", `2~${id}`, "room:named", "echo", { secret })
        for (const path of [
          "/socket/websocket?vsn=2.0.0&id=eve",
          "/admin/websocket?vsn=2.0.0&id=eve",
          "/socket/websocket?vsn=2.0.0",
        ]) {
          const thief = await joined(arena, "room:named", path)
          const stolen = await thief.ask("1", `2~${id}`, "room:named", "echo", { nothing: 1 })
          if (JSON.stringify(stolen).includes(secret)) arena.gotIn(`an answer of somebody else by ${path}`)
          thief.leave()
        }
        victim.leave()
      }),
  },
  {
    name: "no room left for retries",
    tried: "pushes that may come twice on 40 sockets of four addresses, while honest clients of others send some too",
    class: CLASS,
    forMs: 8000,
    mostLeft: 2 * OF_ADDRESS,
    counted: [],
    async run(arena) {
      const crowd = Array.from({ length: 40 }, (_, n) => {
        const from = arena.elsewhere.replace(/9$/, String(10 + (n % 4)))
        return retries(arena, "room:full", "echo", () => ({ text: "x".repeat(2000) }), from)
      })
      await arena.pause(6000)
      for (const path of ["/socket/websocket?vsn=2.0.0", "/socket/websocket?vsn=2.0.0&id=honest"]) {
        const honest = await arena.enter(path, [], { from: arena.elsewhere })
        await honest.ask("1", "1", "room:honest retries", "phx_join", {})
        for (let n = 0; n < 5 && !arena.over; n++) {
          const asked = honest.ask("1", `${n}~${idOf(arena)}`, "room:honest retries", "echo", { n })
          const reply = await Promise.race([asked, arena.pause(3000)])
          arena.told(`honest: ${reply?.status ?? "nothing"}`)
          if (reply?.status !== "ok") arena.gotIn("retries of others that take those of an honest client away")
        }
        honest.leave()
      }
      await Promise.all(crowd)
    },
  },
]
