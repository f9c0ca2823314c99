import {
  clientFrame,
  LONGPOLL,
  messageFrame,
  requestText,
  TEXT,
  UPGRADE,
  WEBSOCKET,
  type Intruder,
  type Target,
} from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"
import { SMALL_LIMITS } from "./limits.js"
import type { ServerReport } from "./reports.js"

const FOR_MS = 5000
const CLASS = "connections"
/** The connections that one address tries to hold at an endpoint that accepts 50 sockets from each address. */
const HELD = 600
const { connectionsPerAddress: SOCKETS = 0, tcpConnectionsPerAddress: CONNECTIONS = 0 } = SMALL_LIMITS
/** The connections of honest clients, of control requests, and one that the server is about to end. */
const OTHERS = 40
const held = ({ mostConnections }: ServerReport): readonly string[] =>
  mostConnections > OTHERS + CONNECTIONS ? [`${mostConnections} connections at once`] : []
/** Faults by the number of websockets, with those that have not fully ended. */
const lingered = ({ mostConnections }: ServerReport): readonly string[] =>
  mostConnections > OTHERS + SOCKETS ? [`${mostConnections} connections at once`] : []

const handshake = (path: string, headers: readonly string[] = []): string =>
  requestText("GET", path, [...UPGRADE, ...headers])

/** Opens connections, begins an attack on each, and checks that an honest client still gets in. */
const holding =
  (at: (arena: Arena) => Partial<Target>, begin: (arena: Arena, line: Intruder, n: number) => Promise<void> | void) =>
  async (arena: Arena): Promise<void> => {
    const lines: Intruder[] = []
    const target = at(arena)
    await arena.paced(400, async () => {
      if (lines.length >= HELD) return
      arena.tried()
      const line = await arena.connect(target)
      lines.push(line)
      await begin(arena, line, lines.length)
    })
    // An honest client from another address must still be able to connect.
    const tls = target.port === arena.ports.smallSecure
    const honest = await arena.enter(WEBSOCKET, [], { ...target, tls, lingers: false, from: arena.elsewhere })
    if (honest.statuses[0] !== 101) arena.gotIn(`nobody else gets in (${honest.outcome})`)
    for (const line of lines) arena.leave(line)
  }

const small = ({ ports }: Arena): Partial<Target> => ({ port: ports.small })
const smallSecure = ({ ports }: Arena): Partial<Target> => ({ port: ports.smallSecure })

/** Sends a byte at each interval for as long as the connection is open. */
function drip(line: Intruder, text: string, everyMs = 200): void {
  const timer = setInterval(() => line.send(text), everyMs)
  void line.ended.then(() => clearInterval(timer))
}

/** Websockets of one address that close or fail, and keep TCP open. */
const lingering =
  (fail: (line: Intruder) => void) =>
  async (arena: Arena): Promise<void> => {
    const lines: Intruder[] = []
    let at = 0
    await arena.paced(100, async () => {
      if (at++ >= 400) return
      arena.tried()
      const line = await arena.enter(WEBSOCKET, [], { port: arena.ports.small, lingers: true })
      lines.push(line)
      if (line.statuses[0] === 101) fail(line)
    })
    for (const line of lines) arena.leave(line)
  }

export const connections: readonly Attack[] = [
  {
    name: "requests and resets",
    tried: "handshakes at a path that asks connect five times, each reset right behind the request",
    class: CLASS,
    forMs: FOR_MS,
    counted: ["connectsPerSecond"],
    faults: ({ asked }) => (asked > 10 ? [`connect was asked ${asked} times`] : []),
    run: (arena) =>
      arena.paced(300, async () => {
        arena.tried()
        const line = await arena.connect()
        line.socket.write(handshake("/rare/websocket?vsn=2.0.0"), () => line.leave())
        await line.ended
      }),
  },
  {
    name: "sessions and resets",
    tried: "long-poll sessions at a path that asks connect five times, each reset right behind the request",
    class: CLASS,
    forMs: FOR_MS,
    counted: ["connectsPerSecond"],
    faults: ({ asked }) => (asked > 10 ? [`connect was asked ${asked} times`] : []),
    run: (arena) =>
      arena.paced(300, async () => {
        arena.tried()
        const line = await arena.connect()
        line.socket.write(requestText("GET", "/rare/longpoll?vsn=2.0.0"), () => line.leave())
        await line.ended
      }),
  },
  {
    name: "sessions and resets, over TLS",
    tried: "the same over TLS",
    class: CLASS,
    forMs: FOR_MS,
    counted: ["connectsPerSecond"],
    faults: ({ asked }) => (asked > 10 ? [`connect was asked ${asked} times`] : []),
    run: (arena) =>
      arena.paced(50, async () => {
        arena.tried()
        const line = await arena.connect({ port: arena.ports.secure, tls: true })
        line.socket.write(requestText("GET", "/rare/longpoll?vsn=2.0.0"), () => line.leave())
        await line.ended
      }),
  },
  {
    name: "dripping bodies",
    tried: `${HELD} requests of one address whose bodies drip`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    async run(arena) {
      const token = await arena.session({ port: arena.ports.small })
      await holding(small, (_, line) => {
        line.send(requestText("POST", `${LONGPOLL}&token=${token}`, ["content-length: 100000"]))
        drip(line, "x")
      })(arena)
    },
  },
  {
    name: "dripping bodies for nobody",
    tried: `${HELD} requests of one address for a path that is not there, whose bodies drip`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    run: holding(small, (_, line) => {
      line.send(requestText("POST", "/nowhere", ["content-length: 100000"]))
      drip(line, "x")
    }),
  },
  {
    name: "dripping bodies for the chat",
    tried: "1,500 requests of one address to log in, whose bodies drip",
    class: CLASS,
    forMs: 8000,
    counted: [],
    async run(arena) {
      const lines: Intruder[] = []
      await arena.paced(400, async () => {
        if (lines.length >= 1500) return
        arena.tried()
        const line = await arena.connect({ port: arena.ports.chat })
        lines.push(line)
        line.send(requestText("POST", "/api/login", ["content-type: application/json", "content-length: 4000"]))
        drip(line, "x")
      })
      const held = lines.filter(({ over }) => !over).length
      // The time limit of a message has passed for the first of them.
      if (held > 1300) arena.gotIn(`${held} requests that nobody ends`)
      for (const line of lines) arena.leave(line)
    },
  },
  {
    name: "kept alive",
    tried: `${HELD} connections of one address that ask once and stay`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    run: holding(small, (_, line) => line.send(requestText("GET", "/nowhere"))),
  },
  {
    name: "kept alive by asking",
    tried: `${HELD} connections of one address that ask again and again for what is not there`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    run: holding(small, (_, line) => {
      line.send(requestText("GET", "/nowhere"))
      drip(line, requestText("GET", "/nowhere"), 1000)
    }),
  },
  {
    name: "answers that nobody reads",
    tried: `${HELD} connections of one address that ask and read nothing`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    run: holding(small, (_, line) => {
      line.socket.pause()
      drip(
        line,
        requestText("OPTIONS", LONGPOLL, [`access-control-request-headers: ${"x".repeat(4000)}`]).repeat(5),
        500,
      )
    }),
  },
  {
    name: "silent TLS",
    tried: `${HELD} connections of one address to a TLS port that say nothing`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    run: holding(smallSecure, () => {}),
  },
  {
    name: "half a TLS handshake",
    tried: `${HELD} connections of one address to a TLS port, with a ClientHello that comes byte by byte`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    run: holding(smallSecure, (_, line) => {
      line.send(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]))
      drip(line, "\u0003")
    }),
  },
  {
    name: "TLS without a request",
    tried: `${HELD} connections of one address that shake hands by TLS and ask nothing`,
    class: CLASS,
    forMs: 8000,
    counted: [],
    faults: held,
    run: holding(
      ({ ports }) => ({ port: ports.smallSecure, tls: true }),
      () => {},
    ),
  },
  {
    name: "half-closed",
    tried: `${HELD} connections of one address that end their half after a request, and keep the other`,
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: held,
    run: holding(
      ({ ports }) => ({ port: ports.small, lingers: true }),
      (arena, line) => {
        const kinds = [requestText("GET", "/nowhere"), requestText("GET", LONGPOLL), handshake(WEBSOCKET), "GET / HT"]
        line.send(arena.chance.of(kinds))
        line.socket.end()
      },
    ),
  },
  {
    name: "lingering after a violation",
    tried: "400 websockets of one address that fail by a frame without a mask and keep TCP open, where 50 may be",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: lingered,
    run: lingering((line) => line.send(Buffer.from([0x81, 0x01, 0x78]))),
  },
  {
    name: "lingering after a frame too large",
    tried: "the same by a frame that is too large, and data behind it without end",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: lingered,
    run: lingering((line) => {
      line.send(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]))
      drip(line, "x".repeat(1000), 20)
    }),
  },
  {
    name: "lingering after a frame that is none",
    tried: "the same by a message that cannot be decoded",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: lingered,
    run: lingering((line) => line.send(clientFrame(TEXT, "x"))),
  },
  {
    name: "lingering after a close",
    tried: "the same by a close frame whose answer is not followed by the end of TCP",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: lingered,
    run: lingering((line) => line.send(clientFrame(0x8, Buffer.from([0x03, 0xe8])))),
  },
  {
    name: "lingering after too many frames",
    tried: "the same by more frames than may come",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    faults: lingered,
    run: lingering((line) => {
      const empty = clientFrame(0x9, "")
      line.send(Buffer.alloc(empty.length * 12_000, empty))
    }),
  },
  {
    name: "forwarded ports",
    tried: "sockets behind a trusted proxy that names a port beside the address, another one each time",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const lines: Intruder[] = []
      for (let n = 0; n < 200 && !arena.over; n++) {
        arena.tried()
        const forwarded = `x-forwarded-for: 198.51.100.7:${1024 + n}`
        lines.push(await arena.enter(WEBSOCKET, [forwarded], { port: arena.ports.proxied }))
      }
      const inside = lines.filter(({ statuses }) => statuses[0] === 101).length
      if (inside > SOCKETS) arena.gotIn(`${inside} sockets of one address`)
      for (const line of lines) arena.leave(line)
    },
  },
  {
    name: "forwarded spellings",
    tried: "sockets behind a trusted proxy, whose one address is written in many ways",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const lines: Intruder[] = []
      for (let n = 0; n < 180 && !arena.over; n++) {
        arena.tried()
        const groups = [
          "2001:db8:0:0",
          "2001:DB8::",
          "2001:0db8:0000:0000",
          "[2001:db8::",
          "2001:db8:0::",
          "2001:db8:0:0",
        ]
        const group = groups[n % groups.length] as string
        const tail = group.endsWith("::") ? `${n.toString(16)}` : `:0:0:0:${n.toString(16)}`
        const address = group.startsWith("[") ? `${group}${n.toString(16)}]:443` : `${group}${tail}`
        lines.push(await arena.enter(WEBSOCKET, [`x-forwarded-for: ${address}`], { port: arena.ports.proxied }))
      }
      const inside = lines.filter(({ statuses }) => statuses[0] === 101).length
      if (inside > SOCKETS) arena.gotIn(`${inside} sockets of one network`)
      for (const line of lines) arena.leave(line)
    },
  },
  {
    name: "a close that has to wait",
    tried: "an endpoint that closes with a deadline of a second, among dripping bodies, polls and deaf sockets",
    class: CLASS,
    forMs: 10_000,
    counted: [],
    async run(arena) {
      const port = Number(await arena.control("/doomed"))
      const token = await arena.session({ port })
      for (let n = 0; n < 10; n++) {
        arena.tried()
        const body = await arena.connect({ port })
        body.send(requestText("POST", `${LONGPOLL}&token=${token}`, ["content-length: 100000"]))
        drip(body, "x")
        const nowhere = await arena.connect({ port })
        nowhere.send(requestText("POST", "/nowhere", ["content-length: 100000"]))
        drip(nowhere, "x")
        const headers = await arena.connect({ port })
        headers.send("GET / HTTP/1.1\r\n")
        drip(headers, "x")
        const deaf = await arena.enter(WEBSOCKET, [], { port, lingers: true })
        deaf.socket.pause()
        deaf.send(messageFrame("1", "1", "room:deaf", "phx_join", {}))
        const upgrade = await arena.connect({ port })
        upgrade.send(requestText("GET", WEBSOCKET, [...UPGRADE, "content-length: 100"]))
        drip(upgrade, "x")
      }
      const ms = Number(await arena.control("/close"))
      arena.told(ms < 2500 ? "closed in time" : "still closing")
      if (ms >= 2500) arena.gotIn(`a close with a deadline of 1 s that took ${Math.round(ms)} ms`)
    },
  },
]
