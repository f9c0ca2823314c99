import { connect as connectTls } from "node:tls"
import {
  clientFrame,
  LONGPOLL,
  requestText,
  TEXT,
  UPGRADE,
  WEBSOCKET,
  type Target,
} from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"

const FOR_MS = 4000
const LINES = 10
const CLASS = "the edge"

const upgradeOf = (path: string, protocol = "websocket"): string =>
  requestText("GET", path, ["connection: upgrade", `upgrade: ${protocol}`, ...UPGRADE.slice(2)])
const get = (path: string, ...headers: string[]): string => requestText("GET", path, headers)
const post = (path: string, body: string, ...headers: string[]): string =>
  requestText("POST", path, [`content-length: ${body.length}`, ...headers], body)

/** Sends what is made for it on connections of its own, one after the other, and waits until each ends or a while. */
const sending =
  (
    make: (arena: Arena) => Promise<string | Buffer> | string | Buffer,
    at: (arena: Arena) => Partial<Target> = () => ({}),
  ) =>
  (arena: Arena): Promise<void> =>
    arena.crowd(LINES, async () => {
      arena.tried()
      const bytes = await make(arena)
      const line = await arena.connect(at(arena))
      line.send(bytes)
      await Promise.race([line.ended, arena.pause(100)])
      arena.leave(line)
    })

const chat = ({ ports }: Arena): Partial<Target> => ({ port: ports.chat })
const poll = async (arena: Arena): Promise<string> => get(`${LONGPOLL}&token=${await arena.session()}`)

/** Requests of all kinds, of which some are answered at once, some late, and some never. */
async function anyRequest(arena: Arena): Promise<string> {
  const kinds: readonly (() => string | Promise<string>)[] = [
    () => poll(arena),
    () => get("/nowhere"),
    () => get(WEBSOCKET),
    () => get(LONGPOLL),
    () => upgradeOf("/nowhere"),
    () => upgradeOf(WEBSOCKET),
    () => upgradeOf(LONGPOLL),
    () => upgradeOf("/nowhere", "h2c"),
    () => upgradeOf("/plain"),
    () => post("/nowhere", "x".repeat(20)),
    () => post(LONGPOLL, "x", "expect: 100-continue"),
    () => get("/nowhere", "expect: nonsense"),
    () => post("/nowhere", "x", ...UPGRADE),
    () => "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n",
    () => "OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
    () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    () => "GET http://127.0.0.1/socket/longpoll?vsn=2.0.0 HTTP/1.1\r\nhost: x\r\n\r\n",
    () => "GET /socket/longpoll?vsn=2.0.0 HTTP/1.0\r\n\r\n",
    () => "GET /socket/websocket?vsn=%ff HTTP/1.1\r\nhost: x\r\n\r\n",
    () =>
      `POST ${LONGPOLL} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5;a=${"b".repeat(50)}\r\nhello\r\n0\r\nx: y\r\n\r\n`,
    () => get("/api/session"),
    () => upgradeOf("/api/session"),
    () => post("/api/login", '{"email":"a@example.com"}', "content-type: application/json"),
    () => "\r\n\r\n",
    () => "\u0000\u0001\u0002",
  ]
  return arena.chance.of(kinds)()
}

async function anySequence(arena: Arena): Promise<string> {
  const requests: string[] = []
  for (let n = 0; n <= arena.chance.below(6); n++) requests.push(await anyRequest(arena))
  const all = requests.join("")
  return arena.chance.happens(0.3) ? all.slice(0, arena.chance.below(all.length)) : all
}

/** Sends sequences of requests in pieces, and ends each connection in some way. */
const sequences =
  (at: (arena: Arena) => Partial<Target>) =>
  (arena: Arena): Promise<void> =>
    arena.crowd(
      LINES,
      async () => {
        arena.tried()
        const text = await anySequence(arena)
        const line = await arena.connect({ ...at(arena), lingers: arena.chance.happens(0.3) })
        const cut = arena.chance.below(text.length + 1)
        line.send(text.slice(0, cut))
        if (arena.chance.happens(0.5)) await arena.pause(arena.chance.below(5))
        line.send(text.slice(cut))
        if (arena.chance.happens(0.3)) line.socket.end()
        if (arena.chance.happens(0.5)) await arena.pause(arena.chance.below(20))
        arena.leave(line)
      },
      5,
    )

export const edge: readonly Attack[] = [
  {
    name: "an upgrade behind a poll",
    tried: "a poll, and behind it a request to upgrade for a path that is no websocket",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: sending(async (arena) => (await poll(arena)) + upgradeOf("/nowhere")),
  },
  {
    name: "an upgrade behind a poll, over TLS",
    tried: "the same over TLS",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: sending(
      async (arena) => (await poll(arena)) + upgradeOf("/nowhere"),
      ({ ports }) => ({ port: ports.secure, tls: true }),
    ),
  },
  {
    name: "an upgrade behind a session of the chat",
    tried: "a request of the chat, and behind it a request to upgrade for a path that is no websocket",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: sending(
      ({ chance }) =>
        chance.of([get("/api/session"), get("/nowhere"), get("/login?token=x")]) + upgradeOf("/api/session"),
      chat,
    ),
  },
  {
    name: "a websocket behind a poll",
    tried: "a poll, and behind it a handshake whose answer must not overtake that of the poll",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        arena.tried()
        const line = await arena.connect()
        line.send((await poll(arena)) + upgradeOf(WEBSOCKET))
        await Promise.race([line.ended, arena.pause(300)])
        if (line.statuses[0] === 101) arena.gotIn("a websocket that overtook the answer of a poll")
        arena.leave(line)
      }),
  },
  {
    name: "upgrades behind upgrades",
    tried: "two to five requests to upgrade in one write, for all kinds of paths",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: sending(({ chance }) => {
      const paths = ["/nowhere", LONGPOLL, WEBSOCKET, "/plain", "/", "*"]
      return Array.from({ length: 2 + chance.below(4) }, () => upgradeOf(chance.of(paths))).join("")
    }),
  },
  {
    name: "sequences of requests",
    tried: "requests of all kinds in one connection, cut anywhere, ended, reset and half-closed",
    class: CLASS,
    forMs: FOR_MS,
    counted: ["malformed"],
    run: sequences(() => ({})),
  },
  {
    name: "sequences of requests to the chat",
    tried: "the same to the chat",
    class: CLASS,
    forMs: FOR_MS,
    counted: ["malformed"],
    run: sequences(chat),
  },
  {
    name: "sequences of requests, over TLS",
    tried: "the same over TLS",
    class: CLASS,
    forMs: FOR_MS,
    counted: ["malformed"],
    run: sequences(({ ports }) => ({ port: ports.secure, tls: true })),
  },
  {
    name: "bytes that are no TLS",
    tried: "HTTP, garbage and halves of a handshake at the port of TLS, cut in the midst",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        arena.tried()
        const line = await arena.connect({ port: arena.ports.secure })
        const hello = Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x03])
        const noise = Buffer.from(Array.from({ length: 200 }, () => arena.chance.below(256)))
        line.send(arena.chance.of([hello, noise, Buffer.from(get("/")), Buffer.from([0x15, 3, 3, 0, 2, 2, 40])]))
        await arena.pause(arena.chance.below(20))
        arena.leave(line)
      }),
  },
  {
    name: "renegotiation",
    tried: "TLS 1.2 handshakes that are renegotiated as often as they are let",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        const socket = connectTls({
          port: arena.ports.secure,
          host: "127.0.0.1",
          rejectUnauthorized: false,
          maxVersion: "TLSv1.2",
        })
        socket.on("error", () => {})
        const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()))
        await new Promise<void>((resolve) => {
          socket.once("secureConnect", resolve)
          socket.once("close", () => resolve())
        })
        for (let n = 0; n < 20 && !socket.destroyed && !arena.over; n++) {
          arena.tried()
          await Promise.race([
            ended,
            arena.pause(500),
            new Promise<void>((resolve) => {
              if (socket.renegotiate({ rejectUnauthorized: false }, () => resolve()) !== true) resolve()
            }),
          ])
        }
        arena.told(socket.destroyed ? "cut" : "open")
        socket.destroy()
      }),
  },
  {
    name: "expectations",
    tried: "requests that expect 100-continue or something else, and never send their bodies",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: sending(async (arena) => {
      const token = await arena.session()
      const expect = arena.chance.of(["100-continue", "nonsense", "100-continue, 100-continue"])
      return requestText("POST", `${LONGPOLL}&token=${token}`, [`expect: ${expect}`, "content-length: 1000"]).repeat(3)
    }),
  },
  {
    name: "resets",
    tried: "polls, posts and handshakes that are reset before, while and after they are answered",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(
        30,
        async () => {
          arena.tried()
          const token = await arena.session()
          const path = `${LONGPOLL}&token=${token}`
          const kinds = [
            get(path),
            post(path, "x".repeat(1000)),
            upgradeOf(WEBSOCKET),
            get(path).repeat(8),
            get(LONGPOLL),
          ]
          const line = await arena.connect()
          line.send(arena.chance.of(kinds))
          await arena.pause(arena.chance.below(4))
          arena.leave(line)
        },
        5,
      ),
  },
  {
    name: "frames in the handshake",
    tried: "handshakes with frames, and with the end of TCP, in the same write",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        arena.tried()
        const line = await arena.connect({ lingers: arena.chance.happens(0.5) })
        const kinds = [
          clientFrame(TEXT, '["1","1","room:1","phx_join",{}]'),
          clientFrame(TEXT, "x"),
          clientFrame(0x8, ""),
          Buffer.from([0x81, 0x01, 0x78]),
          Buffer.from(get("/nowhere")),
          Buffer.alloc(100_000, clientFrame(0x9, "")),
        ]
        line.send(Buffer.concat([Buffer.from(upgradeOf(WEBSOCKET)), arena.chance.of(kinds), arena.chance.of(kinds)]))
        if (arena.chance.happens(0.5)) line.socket.end()
        await arena.pause(arena.chance.below(30))
        arena.leave(line)
      }),
  },
  {
    name: "closes of a gateway",
    tried: "a gateway that closes with the code and the reason that a client names: all codes, long reasons",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        arena.tried()
        const codes = [1000, 999, 1004, 1005, 1006, 1015, 2000, 2999, 3000, 4999, 5000, 65_536, -1, 1.5, "1000", null]
        const code = arena.chance.of(codes)
        const reason = arena.chance.of([
          "\u20ac".repeat(60),
          `x${"\u{1f600}".repeat(40)}`,
          "x".repeat(1000),
          "",
          "\ud800",
        ])
        const line = await arena.enter("/closing")
        let last: Uint8Array = new Uint8Array()
        line.socket.on("data", (chunk: Buffer) => (last = chunk))
        line.send(clientFrame(TEXT, JSON.stringify({ code, reason })))
        await Promise.race([line.until(() => line.closeCode !== undefined), arena.pause(300)])
        const { closeCode = 1000 } = line
        const mayBeSent =
          (closeCode >= 1000 && closeCode <= 1014 && ![1004, 1005, 1006].includes(closeCode)) || closeCode >= 3000
        if (!mayBeSent || closeCode > 4999) arena.gotIn(`a close code ${closeCode}`)
        const text = Buffer.from(last.subarray(4))
        if (!Buffer.from(text.toString()).equals(text)) arena.gotIn("a close reason that is not UTF-8")
        arena.leave(line)
      }),
  },
  {
    name: "subprotocols",
    tried:
      "handshakes of a gateway with subprotocols that nobody agreed on, with line ends, quotes and thousands of names",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(LINES, async () => {
        arena.tried()
        const long = [`${"a".repeat(8000)}`, `${"a,".repeat(4000)}b`]
        const names = ["nobody", "nobody, nobody", '"chat"', "__proto__", "constructor", ",", "Chat", ...long]
        const agreed = arena.chance.happens(0.3)
        const offered = agreed ? "nobody, chat" : arena.chance.of(names)
        const line = await arena.enter("/plain", [`sec-websocket-protocol: ${offered}`])
        const answered = /sec-websocket-protocol: *(.*)\r/i.exec(line.head)?.[1]
        if (answered !== (agreed ? "chat" : undefined))
          arena.gotIn(`an answer of ${answered} to ${offered.slice(0, 20)}`)
        arena.leave(line)
      }),
  },
]
