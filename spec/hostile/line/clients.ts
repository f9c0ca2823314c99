import { connect, type Socket } from "node:net"
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises"
import { closeBody, OPCODES, rawFrame } from "../../support/raw-websocket.js"
import type { Chance } from "../random.js"
import type { Backend } from "./backend.js"
import { someAtOnce } from "./cuts.js"

const MASKED = { masked: true }
/** The number of looks, one every 10 ms for two minutes. */
const LOOKS = 12_000
const KEY = "dGhlIHNhbXBsZSBub25jZQ=="

const push = (ref: string, event: string, payload: unknown, topic = "room:1"): string =>
  JSON.stringify(["1", ref, topic, event, payload])
const frame = (ref: string, event: string, payload: unknown): Buffer =>
  rawFrame(OPCODES.text, push(ref, event, payload), MASKED)

const upgrade = (world: string): string =>
  [
    `GET /socket/websocket?vsn=2.0.0&world=${world} HTTP/1.1`,
    "host: 127.0.0.1",
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    `sec-websocket-key: ${KEY}`,
    "",
    "",
  ].join("\r\n")

/** All bytes of a client on a websocket, from the handshake to the close. */
const overWebSocket = (world: string): Buffer =>
  Buffer.concat([
    Buffer.from(upgrade(world)),
    frame("1", "phx_join", {}),
    rawFrame(OPCODES.ping, "hello", MASKED),
    // This push comes in two fragments, with a pong between them.
    rawFrame(OPCODES.text, push("2", "shout", { n: 1 }).slice(0, 20), { ...MASKED, fin: false }),
    rawFrame(OPCODES.pong, "", MASKED),
    rawFrame(OPCODES.continuation, push("2", "shout", { n: 1 }).slice(20), MASKED),
    frame("3", "phx_leave", {}),
    frame("4", "phx_join", {}),
    frame("5", "shout", { text: "x".repeat(200) }),
    rawFrame(OPCODES.close, closeBody(1000, "bye"), MASKED),
  ])

const get = (world: string, token: string): string =>
  `GET /socket/longpoll?vsn=2.0.0&world=${world}&token=${token} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`

function post(world: string, token: string): string {
  const body = [push("1", "phx_join", {}), push("2", "shout", { n: 1 })].join("\n")
  return [
    `POST /socket/longpoll?vsn=2.0.0&world=${world}&token=${token} HTTP/1.1`,
    "host: 127.0.0.1",
    "content-type: application/x-ndjson",
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n")
}

/** The way in which a client goes. */
export type Going = "reset" | "end" | "waits, then resets"

const GOINGS: readonly Going[] = ["reset", "end", "waits, then resets"]

function line(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket))
    socket.on("error", reject)
    socket.on("data", () => {})
  })
}

async function go(socket: Socket, going: Going): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()))
  // The written bytes have to leave before the reset, which would discard them.
  await new Promise<void>((resolve) => socket.write("", () => resolve()))
  if (going === "waits, then resets") for (let i = 0; i < 10; i++) await nextTurn()
  if (going === "end") socket.end()
  else socket.resetAndDestroy()
  // A server may keep its half open as long as it has data to send.
  if (going === "end") await Promise.race([closed, wait(20)])
  socket.destroy()
  await closed
}

/** Sends the first bytes, and goes. */
async function sayAndGo(port: number, all: Buffer, bytes: number, going: Going): Promise<void> {
  const socket = await line(port)
  if (bytes > 0) socket.write(all.subarray(0, bytes))
  await go(socket, going)
}

async function session(port: number, world: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/socket/longpoll?vsn=2.0.0&world=${world}`)
  return ((await answer.json()) as { token: string }).token
}

/** A kind of clients that went, and their number. */
export interface Gone {
  readonly what: string
  readonly times: number
}

/** Cuts connections of clients in every way, at every byte or at randomly chosen ones. */
export async function cutClients(
  { port }: Backend,
  some?: { readonly count: number; readonly chance: Chance },
): Promise<Gone[]> {
  const pick = (length: number): { bytes: number; going: Going }[] => {
    const all = GOINGS.flatMap((going) => Array.from({ length: length + 1 }, (_, bytes) => ({ bytes, going })))
    return some === undefined ? all : Array.from({ length: some.count }, () => some.chance.of(all))
  }
  const gone: Gone[] = []
  const cut = async (what: string, length: number, one: (at: ReturnType<typeof pick>[number]) => Promise<void>) => {
    const jobs = pick(length)
    await someAtOnce(jobs, one, 32)
    gone.push({ what, times: jobs.length })
  }
  const socket = overWebSocket("cut")
  await cut("websockets", socket.length, ({ bytes, going }) => sayAndGo(port, socket, bytes, going))
  const first = Buffer.from(get("cut", ""))
  await cut("first polls", first.length, ({ bytes, going }) => sayAndGo(port, first, bytes, going))
  const poll = get("cut", await session(port, "cut")).length
  await cut("polls", poll, async ({ bytes, going }) => {
    const all = Buffer.from(get("cut", await session(port, "cut")))
    await sayAndGo(port, all, bytes, going)
  })
  const posted = post("cut", await session(port, "cut")).length
  await cut("posts", posted, async ({ bytes, going }) => {
    const all = Buffer.from(post("cut", await session(port, "cut")))
    await sayAndGo(port, all, bytes, going)
  })
  return gone
}

/** Clients that send the first bytes of a websocket and then nothing, until the server ends their connections. */
export async function silentClients(
  { port }: Backend,
  some?: { readonly count: number; readonly chance: Chance },
): Promise<Gone> {
  const all = overWebSocket("silent")
  const shaken = upgrade("silent").length
  // Places within the handshake are left out: there the HTTP server decides, which waits for a minute.
  const places = Array.from({ length: all.length + 1 - shaken }, (_, i) => shaken + i)
  const chosen = some === undefined ? places : Array.from({ length: some.count }, () => some.chance.of(places))
  await someAtOnce(
    chosen,
    async (bytes) => {
      const socket = await line(port)
      const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()))
      socket.write(all.subarray(0, bytes))
      await closed
    },
    64,
  )
  return { what: "silent websockets", times: chosen.length }
}

/** Waits until no client is left; a session of long-poll ends some time after its last poll. */
export async function emptied(backend: Backend): Promise<boolean> {
  for (let i = 0; i < LOOKS; i++) {
    if (backend.left() === 0) return true
    await wait(10)
  }
  return false
}
