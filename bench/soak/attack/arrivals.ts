import { setTimeout as wait } from "node:timers/promises"
import { LONGPOLL, requestText, UPGRADE, WEBSOCKET } from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"

/** A rate above the long-term limit of an address, which soon exceeds the burst too. */
const PER_SECOND = 2000
/** Connections that never send a whole request. */
const HALF_OPEN = 12_000
const HALF_OPEN_PER_SECOND = 4000

const BEGINNINGS = [
  "",
  "G",
  "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nhost: x\r\n",
  "POST /socket/longpoll HTTP/1.1\r\nx:",
]

/** Asks for one long-poll session, on a separate connection. */
async function openSession(arena: Arena, headers: readonly string[]): Promise<string> {
  const line = await arena.connect()
  line.send(requestText("GET", LONGPOLL, ["connection: close", ...headers]))
  await line.ended
  const [, told] = /\{"status":(\d+)/.exec(line.head) ?? []
  return told === undefined ? line.outcome : `long-poll ${told}`
}

/** A guessed token. */
function guess({ chance }: Arena): string {
  const kinds = [
    () => chance.random().toString(36).slice(2),
    () => "a".repeat(1 + chance.below(1000)),
    () => `eyJhbGciOiJub25lIn0.${chance.below(2 ** 31).toString(36)}.`,
    () => "' or 1=1 --",
    () => "../../etc/passwd",
  ]
  return chance.of(kinds)()
}

export const arrivals: readonly Attack[] = [
  {
    name: "handshakes",
    tried: `handshakes, ${PER_SECOND}/s of one address, each cut once it is through`,
    counted: ["connectsPerSecond"],
    run: (arena) =>
      arena.paced(PER_SECOND, async () => {
        arena.tried()
        const intruder = await arena.enter()
        arena.told(intruder.statuses[0] === 101 ? "HTTP 101, cut by itself" : intruder.outcome)
        intruder.leave()
      }),
  },
  {
    name: "half-open",
    tried: `lines opened and left, empty, in the midst of a header, or a byte a second; ${HALF_OPEN_PER_SECOND}/s`,
    counted: ["halfOpen", "handshakeMs"],
    async run(arena) {
      let opened = 0
      const lines: Promise<void>[] = []
      await arena.paced(HALF_OPEN_PER_SECOND, async () => {
        if (opened++ >= HALF_OPEN) return
        arena.tried()
        const line = await arena.connect()
        line.send(arena.chance.of(BEGINNINGS))
        const drip = arena.chance.happens(0.1) ? setInterval(() => line.send("x"), 1000) : undefined
        lines.push(arena.end(line).finally(() => clearInterval(drip)))
      })
      await Promise.all(lines)
    },
  },
  {
    name: "tokens",
    tried: `tokens guessed, ${PER_SECOND}/s, by both transports`,
    counted: ["refused", "connectsPerSecond"],
    run: (arena) =>
      arena.paced(PER_SECOND, async () => {
        arena.tried()
        const token = Buffer.from(guess(arena)).toString("base64url")
        if (arena.chance.happens(0.2)) {
          const told = await openSession(arena, [`x-phoenix-authtoken: ${token}`])
          if (told === "long-poll 410") arena.gotIn("a token")
          else arena.told(told)
          return
        }
        const headers = [`sec-websocket-protocol: phoenix, base64url.bearer.phx.${token}`]
        const intruder = await arena.enter(WEBSOCKET, headers)
        if (intruder.statuses[0] === 101) arena.gotIn("a token")
        else arena.told(intruder.outcome)
        intruder.leave()
      }),
  },
  {
    name: "long-poll sessions",
    tried: `long-poll sessions opened and abandoned, ${PER_SECOND}/s`,
    counted: ["connectsPerSecond", "pollWindowMs"],
    run: (arena) =>
      arena.paced(PER_SECOND, async () => {
        arena.tried()
        const told = await openSession(arena, [])
        arena.told(told === "long-poll 410" ? "a session, that ends by itself" : told)
      }),
  },
  {
    name: "upgrades",
    tried: "requests to upgrade that are none, or carry a body",
    counted: ["refused"],
    run: (arena) =>
      arena.crowd(20, async () => {
        const line = await arena.connect()
        const kinds: readonly (readonly string[])[] = [
          [...UPGRADE, "content-length: 40"],
          [...UPGRADE, "transfer-encoding: chunked"],
          UPGRADE.filter((header) => !header.startsWith("sec-websocket-key")),
          [...UPGRADE.slice(0, 2), "sec-websocket-version: 99", ...UPGRADE.slice(3)],
          [...UPGRADE, UPGRADE[3] as string],
        ]
        for (const kind of kinds) {
          const one = await arena.connect()
          arena.tried()
          one.send(requestText("GET", WEBSOCKET, kind, "GET /socket/longpoll HTTP/1.1\r\nhost: x\r\n\r\n"))
          await arena.end(one)
          if (one.statuses.includes(101)) arena.gotIn(kind.at(-1) ?? "")
          if (one.statuses.length > 1) arena.gotIn("a request within another")
        }
        line.leave()
        await wait(1)
      }),
  },
]
