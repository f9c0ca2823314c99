import { DEFAULT_LIMITS } from "rookery/server"
import {
  LONGPOLL,
  messageFrame,
  requestText,
  type Intruder,
  type Reply,
} from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"

/** What one client may have remembered, and what all of one address that have no id: within a factor of two. */
const OF_ONE = 2 * DEFAULT_LIMITS.retryBytes
const OF_ADDRESS = DEFAULT_LIMITS.heldRetryBytes
const FOR_MS = 5000
const CLASS = "exactly once"

const timesOf = (reply: Reply | undefined): number =>
  ((reply?.response ?? {}) as { times?: number }).times ?? Number.NaN

/** No handler may run twice for one push. */
const once = ({ mostRuns }: { readonly mostRuns: number }): readonly string[] =>
  mostRuns > 1 ? [`a push took effect ${mostRuns} times`] : []

/** Joins, or joins again. */
async function joined(arena: Arena, topic: string, path?: string): Promise<Intruder> {
  const intruder = await arena.enter(path)
  await intruder.ask("1", "1", topic, "phx_join", {})
  return intruder
}

export const idOf = ({ chance }: Arena): string =>
  `${chance.random().toString(36).slice(2)}${chance.random().toString(36).slice(2)}`

/** Sends pushes that are all new, as many as are answered, on one socket. */
async function retries(arena: Arena, topic: string, event: string, payloadOf: (n: number) => unknown): Promise<void> {
  const intruder = await arena.enter()
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
    tried: "pushes with the id of another client that has none of its own, before and after it",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(5, async () => {
        arena.tried()
        const id = idOf(arena)
        const secret = `secret ${id}`
        const victim = await joined(arena, "room:shared")
        const thief = await joined(arena, "room:shared")
        await victim.ask("1", `2~${id}`, "room:shared", "echo", { secret })
        const stolen = await thief.ask("1", `2~${id}`, "room:shared", "echo", { nothing: 1 })
        if (JSON.stringify(stolen).includes(secret)) arena.gotIn("the answer of another client")
        const other = idOf(arena)
        await thief.ask("1", `3~${other}`, "room:shared", "echo", { taken: 1 })
        const own = await victim.ask("1", `3~${other}`, "room:shared", "echo", { secret })
        if (!JSON.stringify(own).includes(secret)) arena.gotIn("a push that another client took away")
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
    name: "cut while it runs",
    tried: "pushes whose socket is reset while the handler runs, and that come again on another",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: once,
    run: (arena) =>
      arena.crowd(10, async () => {
        arena.tried()
        const id = idOf(arena)
        const first = await joined(arena, "room:cut")
        first.send(messageFrame("1", `2~${id}`, "room:cut", "late", { key: id, wait: 300 }))
        await arena.pause(arena.chance.below(100))
        first.leave()
        if (arena.over) return
        const again = await joined(arena, "room:cut")
        const reply = again.ask("1", `2~${id}`, "room:cut", "late", { key: id, wait: 300 })
        await Promise.race([reply, arena.pause(2000)])
        again.leave()
      }),
  },
  {
    name: "left while it runs",
    tried: "pushes whose channel is left and joined again while the handler runs",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: once,
    run: (arena) =>
      arena.crowd(10, async () => {
        arena.tried()
        const id = idOf(arena)
        const intruder = await joined(arena, "room:left")
        intruder.send(messageFrame("1", `2~${id}`, "room:left", "late", { key: id, wait: 300 }))
        intruder.send(messageFrame("1", "3", "room:left", "phx_leave", {}))
        await arena.pause(50)
        intruder.send(messageFrame("5", "5", "room:left", "phx_join", {}))
        const reply = intruder.ask("5", `6~${id}`, "room:left", "late", { key: id, wait: 300 })
        await Promise.race([reply, arena.pause(2000)])
        arena.leave(intruder)
      }),
  },
  {
    name: "joined anew while it runs",
    tried: "pushes whose topic is joined anew while the handler runs, over and over",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: once,
    run: (arena) =>
      arena.crowd(10, async () => {
        arena.tried()
        const id = idOf(arena)
        const intruder = await joined(arena, "room:anew")
        for (let n = 2; n < 8 && !arena.over; n++) {
          intruder.send(messageFrame(n === 2 ? "1" : String(n), `a~${id}`, "room:anew", "late", { key: id, wait: 200 }))
          intruder.send(messageFrame(String(n + 1), String(n + 1), "room:anew", "phx_join", {}))
        }
        await arena.pause(500)
        arena.leave(intruder)
      }),
  },
  {
    name: "twice at the same time",
    tried: "one push on two sockets of long-poll and twice on one websocket, in the same moment",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: once,
    run: (arena) =>
      arena.crowd(5, async () => {
        arena.tried()
        const id = idOf(arena)
        const push = ["1", `2~${id}`, "room:twice", "late", { key: id, wait: 50 }]
        const lines = [
          JSON.stringify(["1", "1", "room:twice", "phx_join", {}]),
          JSON.stringify(push),
          JSON.stringify(push),
        ]
        const body = lines.join("\n")
        const token = await arena.session()
        const line = await arena.connect()
        const headers = ["content-type: application/x-ndjson", `content-length: ${body.length}`]
        line.send(requestText("POST", `${LONGPOLL}&token=${token}`, headers, body))
        const intruder = await joined(arena, "room:twice too")
        const other = messageFrame("1", `2~${id}`, "room:twice too", "late", { key: `too ${id}`, wait: 50 })
        intruder.send(Buffer.concat([other, other, other]))
        await arena.pause(300)
        line.leave()
        arena.leave(intruder)
      }),
  },
  {
    name: "longer than a claim",
    tried: "a push whose handler takes 17 seconds, and that comes again after 16",
    class: CLASS,
    forMs: 20_000,
    counted: [],
    faults: once,
    async run(arena) {
      const id = idOf(arena)
      arena.tried()
      const stay = async (topic: string): Promise<{ intruder: Intruder; beat: NodeJS.Timeout }> => {
        const intruder = await joined(arena, topic)
        const beat = setInterval(() => intruder.send(messageFrame(null, "h", "phoenix", "heartbeat", {})), 1000)
        return { intruder, beat }
      }
      const first = await stay("room:long")
      first.intruder.send(messageFrame("1", `2~${id}`, "room:long", "late", { key: id, wait: 17_000 }))
      await arena.pause(16_000)
      first.intruder.send(messageFrame("1", "3", "room:long", "phx_leave", {}))
      first.intruder.send(messageFrame("5", "5", "room:long", "phx_join", {}))
      first.intruder.send(messageFrame("5", `6~${id}`, "room:long", "late", { key: id, wait: 0 }))
      await arena.pause(3000)
      clearInterval(first.beat)
      arena.leave(first.intruder)
    },
  },
  {
    name: "waiting for a claim",
    tried: "one id on 100 channels of each of ten sockets, while its handler takes seconds",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(10, async (n) => {
        const intruder = await arena.enter()
        const topics = Array.from({ length: 100 }, (_, at) => `room:claims:${at}`)
        intruder.send(Buffer.concat(topics.map((topic) => messageFrame("1", "1", topic, "phx_join", {}))))
        await intruder.until(() => intruder.frames >= 100)
        arena.tried(100)
        const push = (topic: string): Buffer => messageFrame("1", "2~same", topic, "late", { key: topic, wait: 4000 })
        intruder.send(Buffer.concat(topics.map(push)))
        await arena.pause(4000 + n)
        arena.leave(intruder)
      }),
  },
  {
    name: "ids of other people",
    tried: "pushes with the id of a push of somebody else, who is known by another name or at another path",
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
          "/admin/websocket?vsn=2.0.0&id=ada",
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
    name: "kicked while it runs",
    tried: "pushes whose client is kicked while the handler runs, and that come again when it has joined anew",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: once,
    run: (arena) =>
      arena.crowd(5, async () => {
        arena.tried()
        const id = idOf(arena)
        const path = `/socket/websocket?vsn=2.0.0&id=${id}`
        const intruder = await joined(arena, "room:kicked", path)
        intruder.send(messageFrame("1", `2~${id}`, "room:kicked", "late", { key: id, wait: 300 }))
        const other = await joined(arena, "room:kicked")
        await other.ask("1", "2", "room:kicked", "kick", { key: id })
        if (!intruder.over) {
          intruder.send(messageFrame("5", "5", "room:kicked", "phx_join", {}))
          const reply = intruder.ask("5", `2~${id}`, "room:kicked", "late", { key: id, wait: 300 })
          await Promise.race([reply, arena.pause(2000)])
        }
        other.leave()
        arena.leave(intruder)
      }),
  },
  {
    name: "no room left for retries",
    tried: "pushes that may come twice on 40 sockets, as many as are taken, while somebody honest sends some too",
    class: CLASS,
    forMs: 8000,
    mostLeft: OF_ADDRESS,
    counted: [],
    async run(arena) {
      const crowd = Array.from({ length: 40 }, () =>
        retries(arena, "room:full", "echo", () => ({ text: "x".repeat(2000) })),
      )
      await arena.pause(5000)
      const honest = await arena.enter("/socket/websocket?vsn=2.0.0", [], { from: arena.elsewhere })
      await honest.ask("1", "1", "room:honest retries", "phx_join", {})
      for (let n = 0; n < 10 && !arena.over; n++) {
        const reply = await Promise.race([
          honest.ask("1", `${n}~${idOf(arena)}`, "room:honest retries", "echo", { n }),
          arena.pause(3000),
        ])
        arena.told(`honest: ${reply?.status ?? "nothing"}`)
        if (reply?.status !== "ok") arena.gotIn("retries of others that take those of an honest client away")
      }
      honest.leave()
      await Promise.all(crowd)
    },
  },
]
