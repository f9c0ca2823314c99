import { constants, deflateRawSync } from "node:zlib"
import {
  clientFrame,
  CONTINUATION,
  LONGPOLL,
  messageFrame,
  PING,
  requestText,
  TEXT,
  type Intruder,
} from "../../../spec/hostile/attack/intruder.js"
import type { Attack } from "./arena.js"

const FOR_MS = 5000
const CLASS = "weight"

/** Attacks on memory beside that of messages: partial frames, answers, histories, queries, compression windows. */
export const keeping: readonly Attack[] = [
  {
    name: "chunks of one byte",
    tried: "long-poll bodies of 1 MB in chunks of one byte, ten at a time, whose end never comes",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const chunks = Buffer.from("1\r\nx\r\n".repeat(10_000))
      await arena.crowd(10, async () => {
        const token = await arena.session()
        const line = await arena.connect()
        line.send(requestText("POST", `${LONGPOLL}&token=${token}`, ["transfer-encoding: chunked"]))
        for (let n = 0; n < 100 && !line.over && !arena.over; n++) {
          arena.tried()
          line.send(chunks)
          await arena.pause(10)
        }
        await arena.pause(3000)
        arena.leave(line)
      })
    },
  },
  {
    name: "messages of one byte at a time",
    tried: "1,500 sockets, each with 250 bytes of a message that came one by one and does not end",
    class: CLASS,
    forMs: 8000,
    counted: [],
    async run(arena) {
      const frame = clientFrame(TEXT, "x".repeat(60_000))
      const lines = await Promise.all(Array.from({ length: 1500 }, () => arena.enter()))
      for (let at = 0; at < 250 && !arena.over; at++) {
        for (const line of lines) line.send(frame.subarray(at, at + 1))
        arena.tried(lines.length)
        await arena.pause(5)
      }
      await arena.pause(2000)
      for (const line of lines) arena.leave(line)
    },
  },
  {
    name: "fragments held",
    tried: "200 sockets, each with a message of 1 MB in fragments of 4 kB whose end never comes",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const piece = "x".repeat(4096)
      const rest = clientFrame(CONTINUATION, piece, { fin: false })
      const fragments = Buffer.concat([clientFrame(TEXT, piece, { fin: false }), Buffer.alloc(rest.length * 250, rest)])
      await arena.crowd(200, async () => {
        arena.tried()
        const intruder = await arena.enter()
        intruder.send(fragments)
        await arena.end(intruder)
      })
    },
  },
  {
    name: "unread answers of long-poll",
    tried: "polls whose answers of megabytes are asked for by small questions and never read",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const body = ['["1","1","news:old","phx_join",{}]', '["1","2","news:old","phx_history",{"limit":100}]'].join("\n")
      const ask = async (token: string, text: string): Promise<void> => {
        const post = await arena.connect()
        const headers = ["content-type: application/x-ndjson", `content-length: ${text.length}`, "connection: close"]
        post.send(requestText("POST", `${LONGPOLL}&token=${token}`, headers, text))
        await post.ended
      }
      await arena.crowd(10, async () => {
        const token = await arena.session()
        const deaf: Intruder[] = []
        for (let n = 0; n < 30 && !arena.over; n++) {
          arena.tried()
          await ask(token, n === 0 ? body : (body.split("\n")[1] as string))
          const poll = await arena.connect()
          poll.socket.pause()
          poll.send(requestText("GET", `${LONGPOLL}&token=${token}`))
          deaf.push(poll)
        }
        await arena.pause(2000)
        for (const poll of deaf) {
          poll.socket.resume()
          arena.leave(poll)
        }
      })
    },
  },
  {
    name: "topics that recover",
    tried: "joins of 20,000 topics with a history, each recovering from an epoch that never was",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const leave = (topic: string): Buffer => messageFrame("1", "2", topic, "phx_leave", {})
      await arena.crowd(20, async (n) => {
        const intruder = await arena.enter()
        const params = { recover: { id: "i", epoch: "none", offset: 5 } }
        for (let at = 0; at < 1000 && !intruder.over && !arena.over; at += 50) {
          arena.tried(50)
          const topics = Array.from({ length: 50 }, (_, i) => `log:${n}:${at + i}:${arena.chance.below(2 ** 31)}`)
          const joins = topics.map((topic) => messageFrame("1", "1", topic, "phx_join", params))
          const { frames } = intruder
          intruder.send(Buffer.concat([...joins, ...topics.map(leave)]))
          await intruder.until(() => intruder.frames >= frames + 100)
        }
        arena.leave(intruder)
      })
    },
  },
  {
    name: "histories beyond their life",
    tried: "messages of 10 kB into 4,000 topics that keep them for two seconds",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      await arena.crowd(20, async (n) => {
        const intruder = await arena.enter()
        for (let at = 0; at < 200 && !intruder.over && !arena.over; at++) {
          arena.tried()
          const topic = `log:${n}:${at}:${arena.chance.below(2 ** 31)}`
          const { frames } = intruder
          intruder.send(
            Buffer.concat([
              messageFrame("1", "1", topic, "phx_join", {}),
              messageFrame("1", "2", topic, "shout", { text: "x".repeat(10_000) }),
              messageFrame("1", "3", topic, "phx_leave", {}),
            ]),
          )
          await intruder.until(() => intruder.frames >= frames + 3)
        }
        arena.leave(intruder)
      })
    },
  },
  {
    name: "pings that nobody reads",
    tried: "pings of 125 bytes on 200 sockets that read nothing",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const ping = clientFrame(PING, "x".repeat(125))
      const pings = Buffer.alloc(ping.length * 500, ping)
      await arena.crowd(200, async () => {
        const intruder = await arena.enter()
        intruder.socket.pause()
        for (let n = 0; n < 18 && !intruder.over && !arena.over; n++) {
          arena.tried(500)
          intruder.send(pings)
          await arena.pause(50)
        }
        await arena.pause(2000)
        intruder.socket.resume()
        arena.leave(intruder)
      })
    },
  },
  {
    name: "long queries",
    tried: "3,000 sockets whose query is 15 kB of params",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const query = Array.from({ length: 1800 }, (_, n) => `p${n}[a]=`)
        .join("&")
        .slice(0, 15_000)
      const lines: Intruder[] = []
      await arena.paced(1000, async () => {
        if (lines.length >= 3000) return
        arena.tried()
        lines.push(await arena.enter(`/socket/websocket?vsn=2.0.0&${query}`))
      })
      for (const line of lines) arena.leave(line)
    },
  },
  {
    name: "windows of compression",
    tried: "2,000 compressed sockets, each with a message of 40 kB to refer back to",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const text = JSON.stringify([null, "1", "phoenix", "heartbeat", Buffer.alloc(30_000).toString("base64")])
      const data = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
      const frame = clientFrame(TEXT, data, { compressed: true })
      const lines: Intruder[] = []
      await arena.paced(800, async () => {
        if (lines.length >= 2000) return
        arena.tried()
        const headers = ["sec-websocket-extensions: permessage-deflate"]
        const line = await arena.enter("/packed/websocket?vsn=2.0.0", headers)
        line.send(frame)
        lines.push(line)
      })
      for (const line of lines) arena.leave(line)
    },
  },
]
