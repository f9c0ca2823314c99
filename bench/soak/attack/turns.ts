import { constants, deflateRawSync } from "node:zlib"
import {
  clientFrame,
  LONGPOLL,
  messageFrame,
  requestText,
  TEXT,
  type Intruder,
} from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"

const FOR_MS = 5000
const FLOODERS = 5
const MEGABYTE = 1_000_000
const CLASS = "time a turn"

const heartbeat = (payload: string): Buffer => clientFrame(TEXT, `[null,"1","phoenix","heartbeat",${payload}]`)
const filled = (bytes: number, text: string): string => text.repeat(Math.floor(bytes / text.length))

/** Sends the same frame again and again, on some sockets. */
const flooding =
  (frame: Buffer, path?: string, headers?: readonly string[]) =>
  async (arena: Arena): Promise<void> => {
    await arena.crowd(FLOODERS, async () => {
      const intruder = await arena.enter(path, headers)
      await arena.flood(intruder, frame, 1)
      arena.leave(intruder)
    })
  }

const inRoom =
  (topic: string, bytes: Buffer, count: number, params: unknown = {}) =>
  async (arena: Arena): Promise<void> => {
    await arena.crowd(FLOODERS, async () => {
      const intruder = await arena.join(topic, undefined, params)
      arena.tried(count)
      intruder.send(bytes)
      await arena.pause(1000)
      arena.leave(intruder)
    })
  }

const many = (frame: Buffer, count: number): Buffer => Buffer.alloc(frame.length * count, frame)

function deflated(text: string): Buffer {
  const data = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  return clientFrame(TEXT, data, { compressed: true })
}

/** Sends some messages in one POST. */
async function post(arena: Arena, token: string, lines: readonly string[]): Promise<void> {
  const body = lines.join("\n")
  const line = await arena.connect()
  const headers = ["content-type: application/x-ndjson", `content-length: ${body.length}`, "connection: close"]
  arena.tried(lines.length)
  line.send(requestText("POST", `${LONGPOLL}&token=${token}`, headers, body))
  await line.ended
  arena.told(line.outcome)
}

/** Polls again and again, and reads the answers. */
async function polling(arena: Arena, token: string): Promise<void> {
  while (!arena.over) {
    const line = await arena.connect()
    line.send(requestText("GET", `${LONGPOLL}&token=${token}`, ["connection: close"]))
    await line.ended
    if (line.outcome !== "HTTP 200") return
  }
}

const batches = (first: string, lines: readonly string[]) => async (arena: Arena) => {
  await arena.crowd(FLOODERS, async () => {
    const token = await arena.session()
    await post(arena, token, [first])
    const polls = polling(arena, token)
    for (let n = 0; n < 20 && !arena.over; n++) await post(arena, token, lines)
    await polls
  })
}

const joinLine = (topic: string): string => `["1","1","${topic}","phx_join",{}]`

const keysText = (count: number, key: (n: number) => string): string =>
  `{${Array.from({ length: count }, (_, n) => `"${key(n)}":0`).join(",")}}`

export const turns: readonly Attack[] = [
  {
    name: "runs of digits",
    tried: "JSON of 1 MB of runs of 308 digits",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: flooding(heartbeat(`[${filled(MEGABYTE, `${"1".repeat(308)},`)}1]`)),
  },
  {
    name: "exponents",
    tried: "JSON of 1 MB of numbers with zeros and exponents that are just small enough",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: flooding(heartbeat(`[${filled(MEGABYTE, `0.${"0".repeat(300)}1e+0000,1E-99,`)}1]`)),
  },
  {
    name: "surrogates",
    tried: "JSON of 1 MB of escaped pairs of surrogates, in keys and texts",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: flooding(heartbeat(`{${filled(MEGABYTE, '"\\ud83d\\ude00":"\\ud83d\\ude00",')}"a":1}`)),
  },
  {
    name: "brackets",
    tried: "JSON of 1 MB of lists as deep as they may be, and of brackets within texts",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: flooding(heartbeat(`[${filled(MEGABYTE, '[[[[[[[[[["[[[[[\\"[[["]]]]]]]]]],')}1]`)),
  },
  {
    name: "keys",
    tried: "JSON objects of 80,000 distinct keys",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: flooding(heartbeat(keysText(80_000, (n) => n.toString(36).padStart(5, "k")))),
  },
  {
    name: "keys that are numbers",
    tried: "JSON objects of 70,000 keys that are numbers far from each other",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: flooding(heartbeat(keysText(70_000, (n) => String(n * 60_013)))),
  },
  {
    name: "refs that are maps",
    tried: "pushes whose join_ref is a list of 300,000 empty maps, as that of the join",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const ref = `[${filled(900_000, "{},")}{}]`
      await arena.crowd(2, async () => {
        const intruder = await arena.enter()
        intruder.send(clientFrame(TEXT, `[${ref},"1","room:maps","phx_join",{}]`))
        await arena.pause(300)
        await arena.flood(intruder, clientFrame(TEXT, `[${ref},"2","room:maps","silent",{}]`), 1)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "histories asked for in one go",
    tried: "300 pushes of phx_history in one write of 16 kB, each answered with 7 MB",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: inRoom("news:old", many(messageFrame("1", "2", "news:old", "phx_history", { limit: 100 }), 300), 300),
  },
  {
    name: "histories that nobody reads",
    tried: "300 pushes of phx_history in one write, on sockets that read nothing",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const ask = many(messageFrame("1", "2", "news:old", "phx_history", { limit: 100 }), 300)
      await arena.crowd(FLOODERS, async () => {
        const intruder = await arena.join("news:old")
        intruder.socket.pause()
        arena.tried(300)
        intruder.send(ask)
        await arena.pause(1500)
        intruder.socket.resume()
        await arena.pause(500)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "batches of histories",
    tried: "long-poll bodies of 100 lines, each a phx_history of 7 MB",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: batches(
      joinLine("news:old"),
      Array.from({ length: 100 }, (_, n) => `["1","${n}","news:old","phx_history",{"limit":100}]`),
    ),
  },
  {
    name: "batches of heavy lines",
    tried: "long-poll bodies of 1 MB of 100 lines of empty objects, each answered with itself",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: batches(
      joinLine("room:heavy"),
      Array.from({ length: 100 }, (_, n) => `["1","${n}","room:heavy","echo",[${filled(10_000, "{},")}1]]`),
    ),
  },
  {
    name: "joins that recover a long history",
    tried: "joins of one topic over and over, each recovering 7 MB",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const first = await arena.enter()
      const answer = await first.ask("1", "1", "news:old", "phx_join", { recover: { id: "i" } })
      const { recover } = (answer?.response ?? {}) as { recover?: { epoch: string } }
      const params = { recover: { id: "i", epoch: recover?.epoch ?? "", offset: 0 } }
      const joins = many(messageFrame("1", "1", "news:old", "phx_join", params), 50)
      await arena.crowd(FLOODERS, async () => {
        const intruder = await arena.enter()
        arena.tried(50)
        intruder.send(joins)
        await arena.pause(1000)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "pushes behind a slow join",
    tried: "900 pushes of 8 kB that wait for a join of half a second, and are answered in one go",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const push = messageFrame(
        "1",
        "2",
        "late:1",
        "echo",
        Array.from({ length: 1300 }, () => ({})),
      )
      const all = Buffer.concat([messageFrame("1", "1", "late:1", "phx_join", {}), many(push, 900)])
      await arena.crowd(FLOODERS, async () => {
        const intruder = await arena.enter()
        arena.tried(900)
        intruder.send(all)
        await arena.pause(1500)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "gateway messages behind a slow one",
    tried: "900 messages of 8 kB to a gateway that wait for one, and are answered in one go",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const heavy = clientFrame(TEXT, JSON.stringify(Array.from({ length: 2600 }, () => ({}))))
      const all = Buffer.concat([clientFrame(TEXT, '{"wait":500}'), many(heavy, 900)])
      await arena.crowd(FLOODERS, async () => {
        const intruder = await arena.enter("/quick")
        arena.tried(900)
        intruder.send(all)
        await arena.pause(1500)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "a crowd that is present",
    tried: "500 sockets that join one room in one go, each tracked with a meta of 1 kB",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const join = messageFrame("1", "1", "people:crowd", "phx_join", { meta: { text: "x".repeat(1000) } })
      const lines = await Promise.all(Array.from({ length: 500 }, () => arena.enter()))
      for (const line of lines) line.send(join)
      arena.tried(lines.length)
      await arena.pause(2500)
      for (const line of lines) arena.leave(line)
    },
  },
  {
    name: "a presence that flutters",
    tried: "20 sockets that join and leave a room of 200 presences of 10 kB, as fast as they may",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const meta = { meta: { text: "x".repeat(10_000) } }
      const there: Intruder[] = []
      for (let n = 0; n < 200; n += 20) {
        there.push(
          ...(await Promise.all(Array.from({ length: 20 }, () => arena.join("people:flutter", undefined, meta)))),
        )
      }
      const join = messageFrame("1", "1", "people:flutter", "phx_join", { meta: { text: "small" } })
      const both = Buffer.concat([join, messageFrame("1", "2", "people:flutter", "phx_leave", {})])
      await arena.crowd(20, async () => {
        const intruder = await arena.enter()
        await arena.flood(intruder, many(both, 10), 10)
        arena.leave(intruder)
      })
      for (const line of there) arena.leave(line)
    },
  },
  {
    name: "large echoes, compressed",
    tried: "pushes of 1 MB that compress badly, answered with themselves on a compressed socket",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const text = Array.from({ length: 100_000 }, () => arena.chance.random().toString(36).slice(2, 11)).join("")
      const push = deflated(JSON.stringify(["1", "2", "room:echoes", "echo", text]))
      const join = deflated(JSON.stringify(["1", "1", "room:echoes", "phx_join", {}]))
      await arena.crowd(3, async () => {
        const headers = ["sec-websocket-extensions: permessage-deflate"]
        const intruder = await arena.enter("/packed/websocket?vsn=2.0.0", headers)
        intruder.send(join)
        await arena.flood(intruder, push, 1)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "large echoes",
    tried: "pushes of 900 kB of empty objects, answered with themselves",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const push = clientFrame(TEXT, `["1","2","room:echoes","echo",[${filled(900_000, "{},")}1]]`)
      await arena.crowd(FLOODERS, async () => {
        const intruder = await arena.join("room:echoes")
        await arena.flood(intruder, push, 1)
        arena.leave(intruder)
      })
    },
  },
  {
    name: "leaves",
    tried: "leaves of topics that were never joined, with refs of 250 bytes, as fast as they are taken",
    class: CLASS,
    forMs: FOR_MS,
    counted: ["framesPerSecond"],
    run: flooding(many(messageFrame("r".repeat(250), "r".repeat(250), "room:none", "phx_leave", {}), 100)),
  },
  {
    name: "many channels that end at once",
    tried: "100 sockets of 100 channels each, cut in the same moment",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const joins = Buffer.concat(
        Array.from({ length: 100 }, (_, n) => messageFrame("1", "1", `people:ends:${n}`, "phx_join", {})),
      )
      while (!arena.over) {
        const lines = await Promise.all(Array.from({ length: 100 }, () => arena.enter()))
        for (const line of lines) {
          arena.tried(100)
          line.send(joins)
          await line.until(() => line.frames >= 100)
        }
        for (const line of lines) arena.leave(line)
        await arena.pause(500)
      }
    },
  },
  {
    name: "handshakes of TLS",
    tried: "TLS handshakes, 200/s of one address, each cut once it is through",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.paced(200, async () => {
        arena.tried()
        const line = await arena.connect({ port: arena.ports.secure, tls: true })
        arena.leave(line)
      }),
  },
]
