import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Socket, type Channel } from "rookery"
import { msgpack } from "rookery/msgpack"
import type { ChatMessage, ChatTopics } from "rookery/chat/server"
import { compiled } from "../../support/compiled.js"
import { freePort } from "../../support/free-port.js"
import { Program } from "../../support/program.js"
import { ask } from "./stage.js"

type Room = Channel<ChatTopics["room:*"]>

/** The size of a page. The room gets so many messages that one page is only a part of its history. */
const PAGE = 200

let folder: string
let server: Program
let sockets: Socket<ChatTopics>[]
let port: number
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rookery-crash-"))
  sockets = []
  port = await freePort()
  await start()
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await server.kill()
  rmSync(folder, { recursive: true })
})

async function start(): Promise<void> {
  // The links must not go to a mail server that this machine has set.
  const env = { SMTP_URL: "", SMTP_HOST: "" }
  server = new Program(process.execPath, [compiled("spec/chat/server/chat-process.ts"), folder, String(port)], env)
  await server.printed(/^listening at \d+$/)
}

/** Kills the server with SIGKILL, and starts it again. */
async function crash(): Promise<void> {
  expect(await server.kill("SIGKILL")).toBe("SIGKILL")
  await start()
}

async function linkFor(email: string): Promise<string> {
  await ask(port, "POST", "/api/login", { body: { email } })
  const [, token] = await server.printed(new RegExp(`^A link for ${email}: http://localhost:\\d+/login\\?token=(.*)$`))
  return token ?? ""
}

const redeem = (token: string) => ask(port, "POST", "/api/session", { body: { token } })

async function logIn(email: string): Promise<string> {
  const { json } = await redeem(await linkFor(email))
  return (json as { session_token: string }).session_token
}

function connect(authToken: string, index = 0): Socket<ChatTopics> {
  const socket = new Socket<ChatTopics>(`ws://127.0.0.1:${port}/socket`, {
    authToken,
    reconnectAfterMs: () => 50,
    rejoinAfterMs: () => 50,
    ...(index % 2 === 1 && { serializer: msgpack() }),
  })
  sockets.push(socket)
  socket.connect()
  return socket
}

/** All messages that a room keeps. */
async function everything(room: Room): Promise<ChatMessage[]> {
  const all: ChatMessage[] = []
  for (;;) {
    const before = all[0]?.id
    const { messages } = await room.push("history", { limit: PAGE, ...(before !== undefined && { before }) })
    all.unshift(...messages)
    if (messages.length < PAGE) return all
  }
}

describe("a chat server that is killed", () => {
  it("has every message that was acknowledged, once, when it starts again, and its clients come back", async () => {
    const acknowledged = new Map<string, string>()
    const told: ChatMessage[] = []
    const over = new AbortController()
    let enough = (): void => {}
    const speak = async (room: Room, who: string): Promise<void> => {
      for (let number = 0; !over.signal.aborted; number++) {
        const content = `${who} ${number}`
        try {
          const { message_id } = await room.push("send", { content })
          acknowledged.set(message_id, content)
          enough()
        } catch {
          // The connection was lost before the answer, so the message may or may not be kept.
        }
      }
    }
    const tokens: string[] = []
    for (const name of ["ada", "bob", "eve"]) tokens.push(await logIn(`${name}@example.com`))
    const rooms = await Promise.all(tokens.map((token, index) => connect(token, index).join("room:lobby")))
    rooms[0]?.on("message", (message) => told.push(message))
    const speaking = rooms.map((room, index) => speak(room, `speaker ${index}`))
    for (let round = 1; round <= 3; round++) {
      await new Promise<void>((resolve) => (enough = () => acknowledged.size >= 120 * round && resolve()))
      await crash()
    }
    // Clients that came back with their old sessions send messages after the last start too.
    const size = acknowledged.size
    await new Promise<void>((resolve) => (enough = () => acknowledged.size >= size + 20 && resolve()))
    over.abort()
    await Promise.all(speaking)

    const kept = await everything(rooms[1] as Room)
    const contents = new Map(kept.map(({ id, content }) => [id, content]))
    expect(contents.size).toBe(kept.length)
    expect([...acknowledged].filter(([id, content]) => contents.get(id) !== content)).toEqual([])
    // The received messages are all kept, in the same order.
    expect(told.filter(({ id, content }) => contents.get(id) !== content)).toEqual([])
    const ids = told.map(({ id }) => id)
    expect(ids).toEqual([...ids].sort())
    // The messages of each speaker are in the order of sending.
    for (const who of ["speaker 0", "speaker 1", "speaker 2"]) {
      const numbers = kept
        .filter(({ content }) => content.startsWith(who))
        .map(({ content }) => Number(content.slice(10)))
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
  })

  it("knows sessions, names and links as it did before", async () => {
    const session = await logIn("ada@example.com")
    const ended = await logIn("ada@example.com")
    const headers = { authorization: `Bearer ${ended}` }
    expect(await ask(port, "DELETE", "/api/session", { headers })).toMatchObject({ status: 204 })
    const used = await linkFor("bob@example.com")
    expect(await redeem(used)).toMatchObject({ status: 200 })
    const unused = await linkFor("bob@example.com")
    const own = await connect(session).join("user:ada@example.com")
    await own.push("set_display_name", { display_name: "Ada L." })
    await crash()
    const me = await ask(port, "GET", "/api/session", { headers: { authorization: `Bearer ${session}` } })
    expect(me).toMatchObject({ status: 200, json: { user: { email: "ada@example.com", display_name: "Ada L." } } })
    expect(await ask(port, "GET", "/api/session", { headers })).toMatchObject({ status: 401 })
    expect(await redeem(used)).toMatchObject({ status: 401 })
    expect(await redeem(unused)).toMatchObject({ status: 200, json: { user: { email: "bob@example.com" } } })
  })
})
