import { messageFrame } from "../../../spec/hostile/attack/intruder.js"
import { TOPICS } from "../../../spec/hostile/attack/topics.js"
import type { Arena, Attack } from "./arena.js"

const JOINS = 100_000
const SPREAD = 1000
const FLOODERS = 20
const AT_ONCE = 500

const join = (topic: unknown, params: unknown = {}): Buffer => messageFrame("1", "1", topic, "phx_join", params)

/** A crowd in a room: each client makes the same push without end, and comes back when the server disconnects it. */
const pushing =
  (topic: string, event: string, payload: unknown, atOnce = AT_ONCE) =>
  async (arena: Arena) => {
    const push = messageFrame("1", "2", topic, event, payload)
    const flood = Buffer.concat(Array.from({ length: atOnce }, () => push))
    await arena.crowd(FLOODERS, async () => {
      const intruder = await arena.join(topic)
      await arena.flood(intruder, flood, atOnce)
      await arena.end(intruder)
    })
  }

export const rooms: readonly Attack[] = [
  {
    name: "joins on one socket",
    tried: "joins of other topics on one socket, in one go",
    counted: ["channels", "joinsPerSecond", "framesPerSecond"],
    async run(arena) {
      const intruder = await arena.enter()
      for (let at = 0; at < JOINS && !intruder.over; at += 1000) {
        arena.tried(1000)
        intruder.send(Buffer.concat(Array.from({ length: 1000 }, (_, n) => join(`room:${at + n}`))))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await arena.end(intruder)
    },
  },
  {
    name: "joins on many sockets",
    tried: `joins on ${SPREAD} sockets, 100 topics each, and one more`,
    counted: ["channels"],
    run: async (arena) => {
      let left = SPREAD
      await arena.paced(200, async () => {
        if (left-- <= 0) return
        const intruder = await arena.enter()
        arena.tried(101)
        const topic = (n: number): string => `room:${arena.chance.below(2 ** 31)}:${n}`
        intruder.send(Buffer.concat(Array.from({ length: 101 }, (_, n) => join(topic(n)))))
        await intruder.until(() => intruder.frames >= 101)
        for (const [reason, times] of intruder.refused) arena.told(reason, times)
        arena.told("joined", intruder.frames - [...intruder.refused.values()].reduce((a, b) => a + b, 0))
      })
    },
  },
  {
    name: "joins of large params",
    tried: "joins with params of 1 MB, which a channel keeps",
    counted: ["joinBytes"],
    run: (arena) => {
      const params = "x".repeat(1_000_000)
      return arena.crowd(FLOODERS, async (n) => {
        const intruder = await arena.enter()
        for (let at = 0; at < 100 && !intruder.over && !arena.over; at++) {
          arena.tried()
          const { frames } = intruder
          intruder.send(join(`room:${n}:${at}`, params))
          await intruder.until(() => intruder.frames > frames)
        }
        if (intruder.over) arena.told(intruder.outcome)
        intruder.leave()
      })
    },
  },
  {
    name: "joins and leaves",
    tried: "joins and leaves of one topic, as fast as they are taken",
    counted: ["joinsPerSecond", "framesPerSecond"],
    run: (arena) => {
      const both = Buffer.concat([join("room:turnstile"), messageFrame("1", "2", "room:turnstile", "phx_leave", {})])
      const flood = Buffer.concat(Array.from({ length: AT_ONCE }, () => both))
      return arena.crowd(FLOODERS, async () => {
        const intruder = await arena.enter()
        await arena.flood(intruder, flood, AT_ONCE)
        await arena.end(intruder)
      })
    },
  },
  {
    name: "topics",
    tried: "topics of every kind: empty, huge, with null bytes, __proto__, wildcards, lone surrogates, lists, objects",
    counted: ["topicBytes", "joinsRefused", "rejected"],
    run: (arena) =>
      arena.crowd(FLOODERS, async () => {
        let intruder = await arena.enter()
        for (const topic of TOPICS) {
          if (arena.over) break
          if (intruder.over || intruder.closeCode !== undefined) {
            await arena.end(intruder)
            intruder = await arena.enter()
          }
          arena.tried()
          const { frames } = intruder
          intruder.send(join(topic))
          await intruder.until(() => intruder.frames > frames)
        }
        for (const [reason, times] of intruder.refused) arena.told(reason, times)
        intruder.leave()
      }),
  },
  {
    name: "pushes",
    tried: "pushes, as fast as they are taken",
    counted: ["pushesPerSecond", "framesPerSecond"],
    run: pushing("room:pushes", "echo", { text: "spam" }),
  },
  {
    name: "broadcasts",
    tried: `broadcasts in a room of ${FLOODERS}, as fast as they are taken`,
    counted: ["pushesPerSecond", "framesPerSecond"],
    run: pushing("room:shouts", "shout", { text: "spam" }),
  },
  {
    name: "pushes that wait",
    tried: "pushes to a handler that takes a second for each",
    counted: ["pendingPushes", "pushesPerSecond"],
    run: pushing("room:slow", "slow", {}),
  },
  {
    name: "large pushes that wait",
    tried: "pushes of 100 kB to a handler that takes a second for each",
    counted: ["pendingBytes"],
    run: pushing("room:slow", "slow", "x".repeat(100_000), 5),
  },
  {
    name: "events that nobody takes",
    tried: "events that no handler takes, and a join behind each",
    counted: ["joinsPerSecond"],
    run: (arena) => {
      const both = Buffer.concat([
        join("room:nobody"),
        messageFrame("1", "2", "room:nobody", "constructor".repeat(50), {}),
      ])
      const flood = Buffer.concat(Array.from({ length: 100 }, () => both))
      return arena.crowd(FLOODERS, async () => {
        const intruder = await arena.enter()
        await arena.flood(intruder, flood, 200)
        await arena.end(intruder)
      })
    },
  },
]
