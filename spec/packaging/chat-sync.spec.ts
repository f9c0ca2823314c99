import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { ChatServer } from "rookery/chat/server"
import { ROOT } from "./build.js"

let chat: ChatServer
let url: string
let token: string

beforeEach(async () => {
  let link = (_text: string): void => {}
  const mailed = new Promise<string>((resolve) => (link = resolve))
  chat = new ChatServer({ logger: false, page: false, mail: { send: async (_email, text) => link(text) } })
  const { port } = await chat.listen()
  url = `http://127.0.0.1:${port}`
  const post = (path: string, body: object): Promise<Response> =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
  await post("/api/login", { email: "ada@example.org" })
  const { searchParams } = new URL(await mailed)
  const session = await post("/api/session", { token: searchParams.get("token") })
  token = ((await session.json()) as { session_token: string }).session_token
})

afterEach(() => chat.close({ deadlineMs: 0 }))

/** Runs a script with only the built package, and returns its output. */
async function run(body: string, type: "module" | "commonjs" = "module"): Promise<string[]> {
  const names = "{ SyncChatClient, AuthenticationError, ConnectionError }"
  const load = type === "module" ? `import ${names} from "rookery/chat"` : `const ${names} = require("rookery/chat")`
  const args = [`--input-type=${type}`, "-e", `${load}\n${body}`, url, token]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 240_000 })
  return stdout.trim().split("\n")
}

const OPEN = `const [, url, token] = process.argv
const chat = new SyncChatClient(url, token)`

describe("SyncChatClient", () => {
  it.each(["module", "commonjs"] as const)("does everything before its calls return (%s)", async (type) => {
    const lines = await run(
      `${OPEN}
let heard = false
chat.on("message", ({ user, content, room }) => {
  heard = true
  console.log("heard", user.email, content, room)
})
chat.connect()
console.log(chat.connected, chat.user.email, chat.connectionState)
const sent = chat.send("hello")
while (!heard) chat.poll(20)
console.log(sent.status)
console.log(chat.join("den").users.length, chat.users("den")[0].email, chat.history("lobby").length)
console.log(chat.setDisplayName("Ada").display_name, chat.send("x", { room: "nowhere" }).code)
chat.poll(0)
chat.disconnect()
console.log(chat.connectionState)
chat[Symbol.dispose]()`,
      type,
    )
    expect(lines).toEqual([
      "true ada@example.org connected",
      "heard ada@example.org hello lobby",
      "ok",
      "1 ada@example.org 1",
      "Ada 404",
      "disconnected",
    ])
  })

  it("throws what the client throws, as the same classes", async () => {
    const lines = await run(`${OPEN}
const say = (call) => { try { call() } catch (error) { console.log(error.constructor === ConnectionError, error.constructor === AuthenticationError, error.code) } }
say(() => chat.send("too early"))
say(() => new SyncChatClient(url, "").connect())
say(() => new SyncChatClient("http://127.0.0.1:1", token).connect())
say(() => new SyncChatClient("chat.example.com", token))
chat[Symbol.dispose]()
say(() => chat.connect())`)
    expect(lines).toEqual([
      "true false disconnected",
      "false true unauthenticated",
      "true false connect_failed",
      "false false ERR_INVALID_URL",
      "true false disconnected",
    ])
  })

  it("runs handlers while it polls, and not otherwise", async () => {
    const lines = await run(`${OPEN}
const other = new SyncChatClient(url, token)
other.connect()
chat.connect()
let heard = false
chat.on("message", ({ content }) => console.log("heard", (heard = content)))
other.send("one")
console.log("nothing yet")
while (!heard) chat.poll(20)
chat[Symbol.dispose]()
other[Symbol.dispose]()`)
    expect(lines).toEqual(["nothing yet", "heard one"])
  })

  it("answers a call in which a handler makes another call", async () => {
    const lines = await run(`${OPEN}
const other = new SyncChatClient(url, token)
other.connect()
chat.connect()
let answer
chat.on("message", ({ content }) => {
  if (content === "ping") answer = chat.send("pong").status
})
other.send("ping")
let messages = []
while (!answer) messages = chat.history("lobby")
console.log(answer, messages[0].content)
chat[Symbol.dispose]()
other[Symbol.dispose]()`)
    expect(lines).toEqual(["ok ping"])
  })

  it("returns from the call in which a handler disposes of it", async () => {
    const lines = await run(`${OPEN}
const other = new SyncChatClient(url, token)
other.connect()
chat.connect()
chat.on("message", () => chat[Symbol.dispose]())
other.send("hello")
chat.poll(3_600_000)
try { chat.poll(3_600_000), chat.send("too late") } catch (error) { console.log(error.code, error.message) }
other[Symbol.dispose]()`)
    expect(lines).toEqual(["disconnected the client was disposed; create another"])
  })

  it("does not keep a script alive that forgot it", async () => {
    expect(await run(`${OPEN}\nchat.connect()\nconsole.log("done")`)).toEqual(["done"])
  })
})
