import { messageFrame } from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"
import type { RedisHeld } from "./redis-host.js"
import { idOf } from "./retries.js"

const FOR_MS = 5000
const CLASS = "exactly once"

const redisHeld = async (arena: Arena): Promise<RedisHeld> => JSON.parse(await arena.control("/redis")) as RedisHeld

/** Attacks on the data that an endpoint keeps in Redis. */
export const clustered: readonly Attack[] = [
  {
    name: "retries in Redis",
    tried: "pushes that may come twice with ids of 1 MB and with answers of 70 kB, kept in Redis",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const port = Number(await arena.control("/clustered"))
      if (port === 0) return arena.told("there is no redis-server")
      const before = await redisHeld(arena)
      const intruder = await arena.enter("/socket/websocket?vsn=2.0.0", [], { port })
      await intruder.ask("1", "1", "room:redis", "phx_join", {})
      for (let n = 0; !intruder.over && intruder.closeCode === undefined && !arena.over; n++) {
        arena.tried()
        const { frames } = intruder
        const long = n % 2 === 0
        const id = long ? `${n}${"i".repeat(1_000_000)}` : idOf(arena)
        intruder.send(messageFrame("1", `1~${id}`, "room:redis", "echo", { text: "x".repeat(long ? 1 : 70_000) }))
        await Promise.race([intruder.until(() => intruder.frames > frames), arena.pause(2000)])
      }
      const after = await redisHeld(arena)
      const grown = (after.bytes - before.bytes) / 2 ** 20
      arena.told(`MiB in Redis`, Math.round(grown))
      if (grown > 16) arena.gotIn(`${Math.round(grown)} MiB in Redis that one client filled`)
      if (after.eternal > before.eternal) arena.gotIn("keys in Redis that never expire")
      arena.leave(intruder)
    },
  },
  {
    name: "histories in Redis",
    tried: "joins of thousands of topics with a history that recover from nowhere, and messages into them, in Redis",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const port = Number(await arena.control("/clustered"))
      if (port === 0) return arena.told("there is no redis-server")
      const before = await redisHeld(arena)
      await arena.crowd(5, async (n) => {
        const intruder = await arena.enter("/socket/websocket?vsn=2.0.0", [], { port })
        for (let at = 0; at < 500 && !intruder.over && !arena.over; at++) {
          arena.tried()
          const topic = `log:${n}:${at}:${arena.chance.below(2 ** 31)}`
          const params = { recover: { id: "i", epoch: "none", offset: 2 ** 40 } }
          await Promise.race([intruder.ask("1", "1", topic, "phx_join", params), arena.pause(1000)])
          intruder.send(messageFrame("1", "2", topic, "shout", { text: "x".repeat(1000) }))
          intruder.send(messageFrame("1", "3", topic, "phx_leave", {}))
        }
        arena.leave(intruder)
      })
      const after = await redisHeld(arena)
      arena.told("keys in Redis", after.keys - before.keys)
      if (after.eternal > before.eternal)
        arena.gotIn(`${after.eternal - before.eternal} keys in Redis that never expire`)
    },
  },
]
