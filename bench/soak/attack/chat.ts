import { requestText, type Intruder, type Target } from "../../../spec/hostile/attack/intruder.js"
import type { Arena, Attack } from "./arena.js"
import { CHAT_ROOMS } from "./limits.js"

const FOR_MS = 5000
const CLASS = "chat"

/** Sends a request on a separate connection, and waits for its answer. */
async function ask(
  arena: Arena,
  method: string,
  path: string,
  body: object | string,
  at: Partial<Target> = {},
): Promise<Intruder> {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const headers = ["content-type: application/json", `content-length: ${Buffer.byteLength(text)}`, "connection: close"]
  const line = await arena.connect({ port: arena.ports.chat, ...at })
  line.send(requestText(method, path, headers, text))
  await line.ended
  return line
}

/** Logs a user in with the link of the mail, and returns the session's token. */
async function logIn(arena: Arena, email: string, at: Partial<Target> = {}): Promise<string> {
  await ask(arena, "POST", "/api/login", { email }, at)
  await arena.pause(50)
  const token = await arena.control(`/link?email=${encodeURIComponent(email)}`)
  const line = await ask(arena, "POST", "/api/session", { token }, at)
  return /"session_token":"([^"]+)"/.exec(line.head)?.[1] ?? ""
}

/** Opens the socket of a user who is logged in. */
async function open(arena: Arena, token: string, at: Partial<Target> = {}): Promise<Intruder> {
  const bearer = Buffer.from(token).toString("base64url").replace(/=+$/, "")
  const headers = [`sec-websocket-protocol: phoenix, base64url.bearer.phx.${bearer}`]
  return arena.enter("/socket/websocket?vsn=2.0.0", headers, { port: arena.ports.chat, ...at })
}

export const chat: readonly Attack[] = [
  {
    name: "all rooms of the chat",
    tried: "one person who says something in more rooms than are kept, and another one who comes after",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const name = `${arena.chance.below(2 ** 31)}`
      const taker = await open(arena, await logIn(arena, `taker${name}@example.com`))
      for (let n = 0; n < CHAT_ROOMS + 10 && !taker.over; n++) {
        arena.tried()
        await taker.ask("1", `${2 * n}`, `room:r${name}-${n}`, "phx_join", {})
        const said = await taker.ask("1", `${2 * n + 1}`, `room:r${name}-${n}`, "send", { content: "mine" })
        arena.told(`a room: ${said?.status ?? "nobody"}`)
      }
      const at = { from: arena.elsewhere }
      const honest = await open(arena, await logIn(arena, `honest${name}@example.com`, at), at)
      await honest.ask("1", "1", `room:other${name}`, "phx_join", {})
      const said = await honest.ask("1", "2", `room:other${name}`, "send", { content: "hello" })
      if (said?.status !== "ok") arena.gotIn("a person who takes every room")
      arena.leave(taker)
      arena.leave(honest)
    },
  },
  {
    name: "links of somebody else",
    tried: "log-in links asked for somebody else's address, as often as may be, before its owner asks",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const email = `ada${arena.chance.below(2 ** 31)}@example.com`
      for (let n = 0; n < 15; n++) {
        arena.tried()
        const line = await ask(
          arena,
          "POST",
          "/api/login",
          { email },
          { from: arena.elsewhere.replace(/9$/, String(20 + n)) },
        )
        arena.told(line.outcome)
      }
      const at = { from: arena.elsewhere }
      const line = await ask(arena, "POST", "/api/login", { email }, at)
      arena.told(`the owner: ${line.outcome}`)
      await arena.pause(100)
      // A link that a stranger asked for is in the owner's mailbox too.
      const token = await arena.control(`/link?email=${encodeURIComponent(email)}`)
      const session = await ask(arena, "POST", "/api/session", { token }, at)
      if (!session.head.includes("session_token")) arena.gotIn(`an owner who cannot log in (${session.outcome})`)
    },
  },
  {
    name: "links that are redeemed by guess",
    tried: "tokens of links that were never made, and one that was, twenty times at once",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const email = `eve${arena.chance.below(2 ** 31)}@example.com`
      await ask(arena, "POST", "/api/login", { email })
      await arena.pause(50)
      const token = await arena.control(`/link?email=${encodeURIComponent(email)}`)
      const froms = Array.from({ length: 20 }, (_, n) => arena.elsewhere.replace(/9$/, String(40 + n)))
      const lines = await Promise.all(froms.map((from) => ask(arena, "POST", "/api/session", { token }, { from })))
      arena.tried(lines.length)
      const sessions = lines.filter(({ head }) => head.includes("session_token")).length
      if (sessions !== 1) arena.gotIn(`a link that made ${sessions} sessions`)
      for (const guess of ["", "a".repeat(43), "__proto__", token.toUpperCase()]) {
        arena.tried()
        const line = await ask(arena, "POST", "/api/session", { token: guess })
        if (line.head.includes("session_token")) arena.gotIn("a token that was guessed")
        arena.told(line.outcome)
      }
    },
  },
  {
    name: "requests that are no log-in",
    tried:
      "bodies of the chat that are large, deep, no JSON, of another type, or whose addresses make a pattern backtrack",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    run: (arena) =>
      arena.crowd(5, async () => {
        const { chance } = arena
        const kinds: (object | string)[] = [
          "x".repeat(60_000),
          "[".repeat(4000),
          "{}",
          "null",
          { email: `a@${"a-".repeat(120)}!` },
          { email: `a@${"a".repeat(250)}@` },
          { email: `${"a".repeat(64)}@${"1.".repeat(90)}` },
          { email: ["a@example.com"] },
          { email: "a@example.com\r\nbcc: b@example.com" },
          { __proto__: { email: "a@example.com" } },
        ]
        arena.tried()
        const from = arena.elsewhere.replace(/9$/, String(100 + chance.below(100)))
        const line = await ask(arena, "POST", "/api/login", chance.of(kinds), { from })
        if (line.statuses[0] === 202) arena.gotIn("a mail to no address")
        arena.told(line.outcome)
      }),
  },
  {
    name: "names and messages of the chat",
    tried: "rooms, display names and messages of control characters, of thousands of marks, and of megabytes",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const email = `mallory${arena.chance.below(2 ** 31)}@example.com`
      const intruder = await open(arena, await logIn(arena, email))
      await intruder.ask("1", "0", `user:${email}`, "phx_join", {})
      await intruder.ask("1", "0", "room:lobby", "phx_join", {})
      const texts = [
        "\u0000",
        "\u202e",
        "a\u0300".repeat(100_000),
        "\u200b",
        "\ud83d\ude00".repeat(100_000),
        "\u001b]0;x\u0007",
        "x".repeat(900_000),
      ]
      for (let n = 0; !intruder.over && intruder.closeCode === undefined && !arena.over; n++) {
        arena.tried(3)
        const text = arena.chance.of(texts)
        const room = await intruder.ask("2", `j${n}`, `room:${text.slice(0, 300)}`, "phx_join", {})
        const name = await intruder.ask("1", `n${n}`, `user:${email}`, "set_display_name", { display_name: text })
        const said = await intruder.ask("1", `s${n}`, "room:lobby", "send", { content: text })
        for (const [what, reply] of Object.entries({ room, name, said })) {
          if (reply?.status === "ok" && !(what === "said" && /^[\u200b\u202e]$/.test(text)))
            arena.gotIn(`a ${what} of ${JSON.stringify(text.slice(0, 10))}`)
        }
        await arena.pause(20)
      }
      arena.leave(intruder)
    },
  },
  {
    name: "sessions of one person",
    tried: "a person who asks for links and opens sockets as fast as they may",
    class: CLASS,
    forMs: FOR_MS,
    counted: [],
    async run(arena) {
      const email = `many${arena.chance.below(2 ** 31)}@example.com`
      const token = await logIn(arena, email)
      const lines: Intruder[] = []
      for (let n = 0; n < 200 && !arena.over; n++) {
        arena.tried()
        lines.push(await open(arena, token))
      }
      await arena.pause(200)
      const inside = lines.filter(
        ({ statuses, over, closeCode }) => statuses[0] === 101 && !over && closeCode === undefined,
      )
      if (inside.length > 50) arena.gotIn(`${inside.length} sockets of one person`)
      for (const line of lines) arena.leave(line)
    },
  },
]
