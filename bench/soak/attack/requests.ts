import { LONGPOLL, requestText, WEBSOCKET } from "../../../spec/hostile/attack/intruder.js"
import { CROOKED } from "../../../spec/hostile/attack/crooked-requests.js"
import type { Attack } from "./arena.js"

const LINES = 20
const PIECE = "x".repeat(65_536)

export const requests: readonly Attack[] = [
  {
    name: "bodies without end",
    tried: "bodies without end, in chunks or of a terabyte, as fast as they are taken",
    counted: ["bodyBytes"],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        arena.tried()
        const asking = await arena.connect()
        asking.send(requestText("GET", LONGPOLL, ["connection: close"]))
        await asking.ended
        const token = /"token":"([^"]+)"/.exec(asking.head)?.[1] ?? ""
        const line = await arena.connect()
        const chunked = arena.chance.happens(0.5)
        const kind = chunked ? "transfer-encoding: chunked" : "content-length: 1000000000000"
        line.send(requestText("POST", `${LONGPOLL}&token=${token}`, [kind]))
        const piece = Buffer.from(chunked ? `10000\r\n${PIECE}\r\n` : PIECE)
        await arena.flood(line, piece, 0)
        await arena.end(line)
      }),
  },
  {
    name: "smuggled requests",
    tried: "requests whose length can be read in two ways, with another one inside",
    counted: ["malformed"],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        for (const { name, bytes } of CROOKED) {
          if (arena.over) return
          arena.tried()
          const line = await arena.connect()
          line.send(bytes)
          line.socket.end()
          await arena.end(line)
          // The inner request asks for a session; an answer to it shows that the server read it as a request.
          if (/"token"/.test(line.head) || line.statuses.includes(101)) arena.gotIn(name)
        }
      }),
  },
  {
    name: "huge headers",
    tried: "headers of a megabyte, ten thousand headers, URLs of a megabyte",
    counted: ["malformed"],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        const huge = "x".repeat(1 << 20)
        const kinds = [
          requestText("GET", WEBSOCKET, [`x-huge: ${huge}`]),
          requestText("GET", WEBSOCKET, [`cookie: ${huge}`]),
          requestText("GET", `${WEBSOCKET}&a=${huge}`),
          requestText("GET", `/${huge}`),
          requestText(
            "GET",
            WEBSOCKET,
            Array.from({ length: 10_000 }, (_, n) => `x-${n}: 1`),
          ),
        ]
        arena.tried()
        const line = await arena.connect()
        line.send(arena.chance.of(kinds))
        await arena.end(line)
      }),
  },
  {
    name: "many requests in one go",
    tried: "requests on one line without waiting for an answer, as fast as they are taken",
    counted: ["pipelined"],
    run: (arena) => {
      const flood = Buffer.from(requestText("GET", LONGPOLL).repeat(1000))
      return arena.crowd(5, async () => {
        const line = await arena.connect()
        await arena.flood(line, flood, 1000)
        await arena.end(line)
      })
    },
  },
  {
    name: "requests for nothing",
    tried:
      "preflights, and requests for what is not there, two at once on 200 connections as fast as they are answered",
    class: "the edge",
    counted: ["requestsPerSecond"],
    run: (arena) => {
      const preflight = requestText("OPTIONS", LONGPOLL, [`access-control-request-headers: ${"x".repeat(4000)}`])
      const flood = Buffer.from(preflight + requestText("GET", "/nowhere"))
      return arena.crowd(
        200,
        async () => {
          const line = await arena.connect()
          while (!line.over && !arena.over) {
            arena.tried(2)
            const { length } = line.statuses
            line.send(flood)
            await line.until(() => line.statuses.length >= length + 2 || line.over)
          }
          arena.leave(line)
        },
        1,
      )
    },
  },
]
