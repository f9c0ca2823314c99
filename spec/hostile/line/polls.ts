import { OddPolls, type Exchange, type Tamper } from "../../support/odd-polls.js"
import type { Backend } from "./backend.js"
import { Life } from "./life.js"

const NESTED = "[".repeat(50_000)

/** Bodies of wrong answers to a poll or a post. */
const BODIES: readonly (readonly [name: string, body: string])[] = [
  ...[204, 410, 403, 500, 404, 0, -1, 999, null, "200", true, {}].map(
    (status) => [`status ${JSON.stringify(status)}`, JSON.stringify({ status, token: "t", messages: [] })] as const,
  ),
  ...[undefined, null, 1, "", {}, [], "old"].map(
    (token) => [`token ${JSON.stringify(token)}`, JSON.stringify({ status: 200, token, messages: [] })] as const,
  ),
  ...[null, 1, "x", {}, { length: 3 }, [null], [1], [{}], [[]], ["hello"], [""], ["\0"], ["A"], [NESTED]].map(
    (messages) =>
      [
        `messages ${JSON.stringify(messages).slice(0, 20)}`,
        JSON.stringify({ status: 200, token: "t", messages }),
      ] as const,
  ),
  ["nothing", ""],
  ["null", "null"],
  ["a list", "[]"],
  ["a text", '"ok"'],
  ["half of it", '{"status":200,"token":"t","mess'],
  ["deep JSON", NESTED],
  ["a page", "<!doctype html><title>Welcome</title>"],
  ["keys of prototypes", '{"status":200,"token":"t","messages":[],"__proto__":{"status":410},"constructor":1}'],
]

type Act = readonly [name: string, act: (exchange: Exchange) => void | Promise<void>]

const ACTS: readonly Act[] = [
  ...BODIES.map(([name, body]): Act => [name, ({ response }) => void response.end(body)]),
  ...[204, 302, 400, 401, 403, 404, 410, 413, 429, 500, 502, 503, 504].map((status): Act => [
    `HTTP ${status}`,
    ({ response }) => void response.writeHead(status, { location: "/", "retry-after": "1" }).end(),
  ]),
  ["a reset", ({ response }) => void response.socket?.resetAndDestroy()],
  ["an end", ({ response }) => void response.socket?.end()],
  ["no answer, ever", () => {}],
  [
    "a head, and no body, ever",
    ({ response }) => {
      response.writeHead(200, { "content-length": 100 })
      response.flushHeaders()
    },
  ],
  [
    "chunks that are cut",
    ({ response }) => {
      response.writeHead(200, { "transfer-encoding": "chunked" })
      response.write('{"status":200,', () => response.socket?.destroy())
    },
  ],
  [
    "chunks that never end",
    ({ response }) => {
      response.writeHead(200, { "transfer-encoding": "chunked" })
      response.write('{"status":200,')
    },
  ],
  [
    "a body that is shorter than said",
    ({ response }) => {
      response.writeHead(200, { "content-length": 1000 })
      response.write('{"status":200,"token":"t","messages":[]}', () => response.socket?.destroy())
    },
  ],
  ["noise instead of HTTP", ({ response }) => void response.socket?.end("\0\x01\xff noise\r\n\r\n")],
  [
    "what it was to be, but lost",
    async ({ forward, response }) => {
      await forward()
      response.destroy()
    },
  ],
  [
    "what it was to be, cut in half",
    async ({ forward, response }) => {
      const body = await forward()
      response.writeHead(200, { "content-length": Buffer.byteLength(body) })
      response.write(body.slice(0, body.length / 2), () => response.socket?.destroy())
    },
  ],
  ["the former answer once more", async ({ former, forward, answer }) => answer(former.at(-1) ?? (await forward()))],
]

/** A fault of one request of a client. */
export interface Harm {
  readonly name: string
  /** Whether the client gets a false answer, so that the server may see a second join before the end of the first. */
  readonly lies: boolean
  /** Makes the fault anew for each client, because some of them have a memory. */
  tamper(): Tamper
}

const NUMBERS = [0, 1, 2, 3] as const

/** Swaps the answers of two polls. */
function swap(at: number): Tamper {
  let held: string | undefined
  return async ({ method, number, forward, answer }) => {
    if (method !== "GET" || number < at || number > at + 1) return answer(await forward())
    if (number === at) {
      held = await forward()
      return answer(await forward())
    }
    answer(held ?? (await forward()))
  }
}

/** Gives the second session an answer of the first one. */
function old(at: number): Tamper {
  return async ({ method, number, forward, answer, former, response }) => {
    if (method !== "GET" || number > at + 2) return answer(await forward())
    // This ends the first session; a later poll gets an answer of that session.
    if (number === at) return void response.destroy()
    if (number === at + 2 && former.length > 0) return answer(former.at(-2) ?? "")
    answer(await forward())
  }
}

/** Every fault, on each of the first polls and posts. */
export const HARMS: readonly Harm[] = [
  ...ACTS.flatMap(([name, act]) =>
    (["GET", "POST"] as const).flatMap((method) =>
      NUMBERS.map((at): Harm => ({
        name: `${method} ${at} is answered with ${name}`,
        lies: method === "POST",
        tamper: () => (exchange) => (exchange.method === method && exchange.number === at ? act(exchange) : false),
      })),
    ),
  ),
  ...NUMBERS.map((at): Harm => ({
    name: `polls ${at} and ${at + 1} change places`,
    lies: false,
    tamper: () => swap(at),
  })),
  ...NUMBERS.map((at): Harm => ({ name: `an answer of the session of poll ${at}`, lies: true, tamper: () => old(at) })),
]

/** Runs a long-poll client with the fault. Throws unless it is connected in the end. */
export async function pollThrough(backend: Backend, { name: what, lies, tamper }: Harm): Promise<void> {
  const name = `${what} #${++backend.lives}`
  if (lies) backend.liedTo.add(name)
  await using server = await OddPolls.before(backend.port, tamper())
  using life = new Life(name, server, "long-poll")
  const { socket } = life
  socket.connect()
  const room = socket.channel("room:1")
  room.join()
  life.push(room)
  life.push(room, true)
  await life.until("joined", () => room.state === "joined" && life.told)
  for (let i = 0; i < 3; i++) {
    life.push(room, i === 1)
    await life.until("answered", () => life.told)
  }
  for (let i = 0; life.outcomes.at(-1) !== "ok"; i++) {
    if (i === 2000) throw new Error(`${name}: the last pushes ended with ${life.outcomes.slice(-20).join()}`)
    await life.until("joined", () => room.state === "joined")
    life.push(room, true)
    await life.until("answered", () => life.told)
  }
  if (server.tampered === 0) throw new Error(`${name}: nothing was done`)
  for (const [at, outcome] of life.outcomes.entries()) {
    if (!["ok", "disconnected", "timeout"].includes(String(outcome))) throw new Error(`${name}: ${outcome}`)
    const effects = backend.effects.get(`${name} ${at}`) ?? 0
    if (effects > 1 || (effects === 0 && outcome === "ok")) throw new Error(`${name}: ${effects} effects, ${outcome}`)
  }
  socket.destroy()
  if (life.clock.pending > 0) throw new Error(`${name}: ${life.clock.pending} timers wait after destroy`)
}
