import { LONGPOLL, messageFrame, requestText, type Intruder } from "../../../spec/hostile/attack/intruder.js"
import type { Attack } from "./arena.js"
import { idOf, joined, once } from "./retries.js"

const FOR_MS = 5000
const CLASS = "exactly once"

/** Pushes that come again while their first handler runs. */
export const interrupted: readonly Attack[] = [
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
]
