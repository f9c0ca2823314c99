import { BINARY, clientFrame, messageFrame, PONG, TEXT } from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"
import { arrayText, distinctKeys, EMPTY_MAPS, jsonText, MEGABYTE, NULL_PAIRS, packed } from "./payloads.js"

const MIB = 2 ** 20
const FOR_MS = 5000
const CLASS = "weight"
const PACK = "/socket/websocket?vsn=3.0.0"
const V1 = "/socket/websocket?vsn=1.0.0"

/** Joins one room after the other on one socket, each with the same params. */
const joining =
  (path: string, frameOf: (topic: string) => Buffer, joins = 60) =>
  async (arena: Arena) => {
    const intruder = await arena.enter(path)
    for (let n = 0; n < joins && !intruder.over && intruder.closeCode === undefined && !arena.over; n++) {
      arena.tried()
      const { frames } = intruder
      intruder.send(frameOf(`room:${n}`))
      await intruder.until(() => intruder.frames > frames)
    }
    await arena.pause(1000)
    arena.leave(intruder)
  }

/** Sends pushes to a handler that takes a second for each, on some sockets. */
const waiting =
  (path: string, push: Buffer, { sockets = 4, pushes = 9, join = joinText("room:slow") } = {}) =>
  async (arena: Arena) => {
    const clients = Array.from({ length: sockets }, async () => {
      const intruder = await arena.enter(path)
      intruder.send(join)
      await intruder.until(() => intruder.frames > 0)
      for (let n = 0; n < pushes && !intruder.over; n++) {
        arena.tried()
        intruder.send(push)
      }
      await arena.pause(3000)
      arena.leave(intruder)
    })
    await Promise.all(clients)
  }

const joinText = (topic: string): Buffer => messageFrame("1", "1", topic, "phx_join", {})
const joinPacked = (topic: string): Buffer => packed("1", topic, "phx_join", Buffer.from([0x80]))

/** Attacks on the memory of messages. */
export const weight: readonly Attack[] = [
  {
    name: "joins of empty maps",
    tried: "60 joins of 1 MB of empty MessagePack maps by one client, 64 MB of heap each",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: joining(PACK, (topic) => packed("1", topic, "phx_join", EMPTY_MAPS)),
  },
  {
    name: "joins of empty objects",
    tried: "60 joins of 1 MB of empty JSON objects by one client, 22 MB of heap each",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: joining("/socket/websocket?vsn=2.0.0", (topic) => jsonText(topic, "phx_join", arrayText(MEGABYTE, "{}"))),
  },
  {
    name: "joins of distinct keys",
    tried: "60 joins of a MessagePack map of 200,000 distinct keys by one client",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: joining(PACK, (topic) => packed("1", topic, "phx_join", distinctKeys())),
  },
  {
    name: "joins of nested lists",
    tried: "60 joins of 1 MB of lists of one element by one client",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: joining(PACK, (topic) => packed("1", topic, "phx_join", NULL_PAIRS)),
  },
  {
    name: "joins of numbers",
    tried: "60 joins of 1 MB of fractions by one client of version 1, in objects of distinct keys",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: joining(V1, (topic) => {
      const numbers = Array.from({ length: 90_000 }, (_, n) => `"${n.toString(36)}":.5e1`.replace(".5e1", "0.5"))
      return clientFrame(TEXT, `{"topic":"${topic}","event":"phx_join","ref":"1","payload":{${numbers.join(",")}}}`)
    }),
  },
  {
    name: "waiting empty maps",
    tried: "nine pushes of 1 MB of empty MessagePack maps to a slow handler, on four sockets",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: waiting(PACK, packed("2", "room:slow", "slow", EMPTY_MAPS), { join: joinPacked("room:slow") }),
  },
  {
    name: "waiting empty objects",
    tried: "nine pushes of 1 MB of empty JSON objects to a slow handler, on ten sockets",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: waiting("/socket/websocket?vsn=2.0.0", jsonText("room:slow", "slow", arrayText(MEGABYTE, "{}"), "2"), {
      sockets: 10,
    }),
  },
  {
    name: "waiting slivers",
    tried: "pushes of 10 bytes to a slow handler, each at the end of 64 kB that are read with it",
    class: CLASS,
    mostBytes: 160 * MIB,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const pong = clientFrame(PONG, new Uint8Array(100))
      const filling = Buffer.alloc(pong.length * 20, pong)
      // A binary push has a kind, four lengths, the fields, and bytes.
      const fields = ["1", "2", "room:slow", "slow"]
      const push = clientFrame(
        BINARY,
        Buffer.concat([
          Buffer.from([0, ...fields.map(({ length }) => length)]),
          Buffer.from(fields.join("")),
          Buffer.alloc(4),
        ]),
      )
      const large = clientFrame(TEXT, `[null,"1","phoenix","heartbeat","${"x".repeat(60_000)}"]`)
      const piece = Buffer.concat([large, filling, push])
      await arena.crowd(8, async () => {
        const intruder = await arena.join("room:slow")
        for (let n = 0; n < 900 && !intruder.over && !arena.over; n++) {
          arena.tried()
          intruder.send(piece)
          await arena.pause(2)
        }
        await arena.pause(2000)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "long refs",
    tried: "a join whose ref is 1 MB, and pushes of 40 bytes that are each answered with it",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const ref = "r".repeat(MEGABYTE)
      await arena.crowd(4, async () => {
        const intruder = await arena.enter()
        let came = 0
        intruder.socket.on("data", (chunk: Buffer) => (came += chunk.length))
        intruder.send(messageFrame(ref, "1", "room:long", "phx_join", {}))
        await intruder.until(() => intruder.frames > 0)
        came = 0
        for (let n = 0; n < 20 && !intruder.over && !arena.over; n++) {
          arena.tried()
          const { frames } = intruder
          intruder.send(messageFrame(null, String(n), "room:long", "echo", {}))
          await intruder.until(() => intruder.frames > frames)
        }
        if (came > 20 * 10_000) arena.gotIn("answers a hundred times as long as what was asked")
        arena.leave(intruder)
      })
    },
  },
  {
    name: "broadcasts behind intercept",
    tried: "broadcasts of 100 kB to a channel whose intercept takes a second for each",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const tell = messageFrame("1", "2", "room:tellers", "tell", { text: "x".repeat(100_000) })
      const victims = await Promise.all(Array.from({ length: 5 }, () => arena.join("filtered:1")))
      await arena.crowd(5, async () => {
        const intruder = await arena.join("room:tellers")
        for (let n = 0; n < 1000 && !intruder.over && !arena.over; n++) {
          arena.tried()
          intruder.send(tell)
          await arena.pause(5)
        }
        arena.leave(intruder)
      })
      for (const victim of victims) arena.leave(victim)
    },
  },
  {
    name: "gateway messages that wait",
    tried: "messages of 1 MB of empty JSON objects to a gateway whose handler is busy, on ten connections",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const heavy = clientFrame(TEXT, arrayText(MEGABYTE, "{}"))
      await arena.crowd(10, async () => {
        const intruder = await arena.enter("/plain")
        intruder.send(clientFrame(TEXT, '{"wait":3000}'))
        for (let n = 0; n < 8 && !intruder.over; n++) {
          arena.tried()
          intruder.send(heavy)
        }
        await arena.pause(3000)
        arena.leave(intruder)
      })
    },
  },
]
