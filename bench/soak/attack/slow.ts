import { clientFrame, LONGPOLL, messageFrame, requestText, TEXT } from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"

const LINES = 300
/** A length a little below the limit; the rest of the bytes never comes. */
const HELD = 1_000_000
const HOLDERS = 600
const DEAF = 60
const ASKED = 100_000

/** Opens a session, and returns its token. */
async function session(arena: Arena): Promise<string> {
  const line = await arena.connect()
  line.send(requestText("GET", LONGPOLL, ["connection: close"]))
  await line.ended
  return /"token":"([^"]+)"/.exec(line.head)?.[1] ?? ""
}

/** Sends bytes one by one, until the connection ends. */
async function drip(arena: Arena, bytes: Buffer, begin: string, everyMs: number, path?: string): Promise<void> {
  arena.tried()
  const line = path === undefined ? await arena.enter() : await arena.connect()
  if (begin !== "") line.send(begin)
  let at = 0
  const timer = setInterval(() => line.send(bytes.subarray(at, ++at)), everyMs)
  await arena.end(line)
  clearInterval(timer)
}

/** Sends a request with a body that comes byte by byte. */
async function slowBody(arena: Arena): Promise<void> {
  const token = await session(arena)
  const path = `${LONGPOLL}&token=${token}`
  const kind = arena.chance.of(["content-length: 100000", "transfer-encoding: chunked"])
  const begin = `${requestText("POST", path, ["content-type: application/x-ndjson", kind])}`
  const chunked = kind.startsWith("transfer")
  await drip(arena, Buffer.from((chunked ? "1\r\nx\r\n" : "[").repeat(100)), begin, 50, path)
}

/** Joins a busy room, asks for more, and reads none of it. */
async function deaf(arena: Arena): Promise<void> {
  const intruder = await arena.join("busy")
  intruder.send(messageFrame("2", "2", "room:deaf", "phx_join", {}))
  await intruder.until(() => intruder.frames >= 2)
  intruder.socket.pause()
  const ask = messageFrame("2", "3", "room:deaf", "echo", "x".repeat(ASKED))
  // A paused connection does not see its end, but a failed write ends it.
  while (!arena.impatient && !intruder.over) {
    arena.tried()
    intruder.send(ask)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  intruder.socket.resume()
  await arena.end(intruder)
}

export const slow: readonly Attack[] = [
  {
    name: "slow frames",
    tried: `${LINES} lines at a time, each with a frame that comes byte by byte`,
    counted: ["messageMs"],
    run: (arena) => {
      const frame = clientFrame(TEXT, "x".repeat(60_000))
      return arena.crowd(LINES, () => drip(arena, frame, "", 20 + arena.chance.below(80)))
    },
  },
  {
    name: "slow bodies",
    tried: `${LINES} requests at a time, each with a body that comes byte by byte`,
    counted: ["messageMs"],
    run: (arena) => arena.crowd(LINES, () => slowBody(arena)),
  },
  {
    name: "unfinished messages",
    tried: `${HOLDERS} lines at a time, each with all but the end of a message of 1 MB`,
    counted: ["heldBytes"],
    run: (arena) => {
      const most = clientFrame(TEXT, "x".repeat(HELD)).subarray(0, -1)
      return arena.crowd(
        HOLDERS,
        async () => {
          arena.tried()
          const intruder = await arena.enter()
          intruder.send(most)
          await arena.end(intruder)
        },
        1000,
      )
    },
  },
  {
    name: "deaf readers",
    tried: `${DEAF} at a time in a busy room, who ask for 4 MB/s each and read nothing`,
    // Each client is below its own limit, and all together are above the one for all clients.
    counted: ["heldBytes"],
    run: (arena) => arena.crowd(DEAF, () => deaf(arena)),
  },
]
