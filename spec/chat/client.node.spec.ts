import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import {
  AuthenticationError,
  ChatClient,
  ClientError,
  ConnectionError,
  type ChatClientOptions,
  type ChatEvent,
  type ChatEvents,
} from "rookery/chat"
import { msgpack } from "rookery/msgpack"
import { Gate } from "../support/gate.js"
import { startServer } from "../support/http-server.js"
import { TcpProxy } from "../support/tcp-proxy.js"
import { ChatStage } from "./server/stage.js"

let stage: ChatStage
let proxy: TcpProxy
let url: string
const clients: ChatClient[] = []

beforeEach(async () => {
  stage = await ChatStage.open({ limits: { messagesPerUser: { burst: 1000, everyMs: 1 } } })
  proxy = await TcpProxy.to(stage.port)
  url = `http://127.0.0.1:${proxy.port}`
})

afterEach(async () => {
  for (const client of clients.splice(0)) await client.disconnect()
  await proxy[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

/** Reconnects quickly, and as often as the test needs until it mends the network. */
const QUICK = { reconnectDelay: 5, maxReconnectAttempts: Number.MAX_SAFE_INTEGER }

function client(options: ChatClientOptions = {}): ChatClient {
  const made = new ChatClient(url, { ...QUICK, ...options })
  clients.push(made)
  return made
}

async function person(email: string, options: ChatClientOptions = {}): Promise<ChatClient> {
  const made = client({ sessionToken: await stage.logIn(email), ...options })
  await made.connect()
  return made
}

/** The next event that meets the condition. */
const next = <E extends ChatEvent>(
  of: ChatClient,
  event: E,
  holds: (details: ChatEvents[E]) => boolean = () => true,
): Promise<ChatEvents[E]> =>
  new Promise((resolve) => {
    const handler = (details: ChatEvents[E]): void => {
      if (!holds(details)) return
      of.off(event, handler)
      resolve(details)
    }
    of.on(event, handler)
  })

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const user = (email: string, display_name: string | null = null): object => ({
  id: `user:${email}`,
  email,
  display_name,
})

/** How a call ended: the code of its error, or that it was done. */
const outcome = (call: Promise<void>): Promise<string> =>
  call.then(
    () => "done",
    (error: { code: string }) => error.code,
  )

describe("logging in", () => {
  it("asks for a link, and connects with its token", async () => {
    const ada = client()
    expect(ada).toMatchObject({ connected: false, user: null, connectionState: "disconnected" })
    expect(await ada.login("ada@example.org")).toBe(true)
    const { token } = await stage.mails.next()
    const authenticated = next(ada, "authenticated")
    await ada.connect(token)
    expect(ada).toMatchObject({ connected: true, connectionState: "connected", user: user("ada@example.org") })
    expect(await authenticated).toEqual({
      user: user("ada@example.org"),
      channel: "user:ada@example.org",
      server_time: expect.stringMatching(ISO),
    })
    await expect(client().connect(token)).rejects.toBeInstanceOf(AuthenticationError)
  })

  it("says what to do if there is no session, or if it has ended", async () => {
    await expect(client().connect()).rejects.toThrow("login(email)")
    const ended = client({ sessionToken: "x".repeat(43) })
    await expect(ended.connect()).rejects.toBeInstanceOf(AuthenticationError)
    expect(ended.connectionState).toBe("disconnected")
  })

  it("throws a ConnectionError if no server answers, and a ClientError if the server refuses", async () => {
    await expect(client().login("no address")).rejects.toBeInstanceOf(ClientError)
    proxy.cut()
    await expect(client().login("ada@example.org")).rejects.toBeInstanceOf(ConnectionError)
    await expect(client({ sessionToken: "x".repeat(43) }).connect()).rejects.toMatchObject({ code: "connect_failed" })
    proxy.mend()
    proxy.stall()
    await expect(client({ connectionTimeout: 50 }).login("ada@example.org")).rejects.toMatchObject({ code: "timeout" })
  })

  it.each(["connection_state", "authenticated"] as const)(
    "stays disconnected if disconnect() comes while it connects, at the event %s",
    async (event) => {
      const ada = client({ sessionToken: await stage.logIn("ada@example.org") })
      const begun = next(ada, event)
      const overtaken = outcome(ada.connect())
      await begun
      await ada.disconnect()
      expect(await overtaken).toBe("disconnected")
      expect(ada).toMatchObject({ connected: false, connectionState: "disconnected" })
    },
  )

  it("has one connection if connect() is called twice at once", async () => {
    const ada = client({ sessionToken: await stage.logIn("ada@example.org") })
    let authenticated = 0
    ada.on("authenticated", () => authenticated++)
    const overtaken = outcome(ada.connect())
    await ada.connect()
    expect(await overtaken).toBe("disconnected")
    expect(ada.connected).toBe(true)
    expect(authenticated).toBe(1)
  })

  it("does not log in again by a link whose answer comes after logout()", async () => {
    const ada = client()
    await ada.login("ada@example.org")
    const { token } = await stage.mails.next()
    const begun = next(ada, "connection_state", ({ state }) => state === "connecting")
    const overtaken = outcome(ada.connect(token))
    await begun
    await ada.logout()
    expect(await overtaken).toBe("disconnected")
    expect(ada).toMatchObject({ sessionToken: "", user: null, connectionState: "disconnected" })
  })

  it("keeps a session that connect() has begun while logout() waits for the end of the former", async () => {
    const deletion = new Gate()
    await using server = await startServer(async ({ method }, response) => {
      const user = { email: "ada@example.org", display_name: null }
      if (method === "DELETE") await deletion.wait()
      if (method === "POST") response.statusCode = 201
      else if (method === "GET") response.statusCode = 404
      response.end(JSON.stringify({ session_token: "new", user, expires_at: "2999-01-01T00:00:00.000Z" }))
    })
    const ada = new ChatClient(`http://127.0.0.1:${server.port}`, { sessionToken: "former" })
    const logout = ada.logout()
    await deletion.begun
    const connecting = outcome(ada.connect("link"))
    await expect.poll(() => ada.sessionToken).toBe("new")
    deletion.open()
    await logout
    expect(ada.sessionToken).toBe("new")
    await ada.disconnect()
    await connecting
  })

  it("follows no redirect, which would make a request without a body of a log-in", async () => {
    const methods: (string | undefined)[] = []
    await using moved = await startServer(({ method, url: path }, response) => {
      methods.push(method)
      if (path?.startsWith("/moved")) response.end("{}")
      else response.writeHead(301, { location: `/moved${path}` }).end()
    })
    const base = `http://127.0.0.1:${moved.port}`
    await expect(new ChatClient(base).login("ada@example.org")).rejects.toThrow(`redirects to ${base}; give that URL`)
    expect(methods).toEqual(["POST"])
  })

  it("opens for a block, and disconnects at its end", async () => {
    const sessionToken = await stage.logIn("ada@example.org")
    const seen: string[] = []
    {
      await using ada = await ChatClient.open(url, { sessionToken })
      ada.on("disconnect", () => seen.push("disconnect"))
      expect(ada.connected).toBe(true)
    }
    expect(seen).toEqual(["disconnect"])
  })

  it("ends the session for all of its clients when one of them logs out", async () => {
    const [ada, same] = [await person("ada@example.org"), client()]
    const sessionToken = ada.sessionToken
    const other = client({ sessionToken })
    await other.connect()
    const over = Promise.all([next(other, "error"), next(other, "disconnect")])
    const states: string[] = []
    ada.on("connection_state", ({ state }) => states.push(state))
    await ada.logout()
    expect(states).toEqual(["disconnected"])
    expect(ada).toMatchObject({ connected: false, user: null, sessionToken: "" })
    expect(await over).toEqual([{ error: expect.any(String), code: 401 }, {}])
    expect(other.connectionState).toBe("disconnected")
    await expect(same.connect()).rejects.toBeInstanceOf(AuthenticationError)
  })
})

describe("talking", () => {
  it("sends, and everybody in the room hears it with all that belongs to it", async () => {
    const [ada, bob] = [await person("ada@example.org"), await person("bob@example.org", { serializer: msgpack() })]
    const [own, heard] = [next(ada, "message"), next(bob, "message")]
    const sent = await ada.send("hello")
    expect(sent).toEqual({ status: "ok", message_id: expect.any(String), timestamp: expect.stringMatching(ISO) })
    const message = {
      id: sent.status === "ok" ? sent.message_id : "",
      user: user("ada@example.org"),
      content: "hello",
      timestamp: expect.stringMatching(ISO),
      room: "lobby",
    }
    expect(await heard).toEqual(message)
    expect(await own).toEqual(message)
  })

  it("has many rooms on its one socket", async () => {
    const [ada, bob] = [await person("ada@example.org"), await person("bob@example.org")]
    const joined = next(ada, "user_joined", ({ room }) => room === "den")
    expect(await ada.join("den")).toMatchObject({ total_connections: 1, messages: [] })
    expect((await bob.join("den")).users).toEqual([user("ada@example.org"), user("bob@example.org")])
    expect(await joined).toEqual({
      user: user("bob@example.org"),
      timestamp: expect.stringMatching(ISO),
      total_connections: 2,
      room: "den",
    })
    const heard = next(bob, "message")
    await ada.send("in here", { room: "den" })
    expect(await heard).toMatchObject({ content: "in here", room: "den" })
    expect(await ada.users("den")).toHaveLength(2)
    expect((await ada.history("den")).map(({ content }) => content)).toEqual(["in here"])
    const left = next(ada, "user_left", ({ room }) => room === "den")
    await bob.leave("den")
    expect(await left).toMatchObject({ user: user("bob@example.org"), remaining_connections: 1, room: "den" })
    expect(bob.rooms).toEqual(["lobby"])
    expect(stage.chat.endpoint.counters().rookery_sockets).toBe(2)
  })

  it("tells a new display name to everybody", async () => {
    const [ada, bob] = [await person("ada@example.org"), await person("bob@example.org")]
    const told = next(bob, "display_name_changed")
    expect(await ada.setDisplayName("Ada")).toEqual({ status: "ok", display_name: "Ada" })
    expect(ada.user).toEqual(user("ada@example.org", "Ada"))
    expect(await told).toEqual({
      user: user("ada@example.org", "Ada"),
      display_name: "Ada",
      timestamp: expect.stringMatching(ISO),
      room: "lobby",
    })
    expect(await ada.setDisplayName(null)).toEqual({ status: "ok", display_name: null })
    expect(await ada.setDisplayName("\u0007")).toEqual({ error: expect.any(String), code: 400 })
  })

  it("gives the code of what went wrong", async () => {
    const ada = await person("ada@example.org")
    expect(await ada.send("   ")).toEqual({ error: expect.any(String), code: 400 })
    expect(await ada.send("x".repeat(4001))).toMatchObject({ code: 413 })
    expect(await ada.send("x", { room: "nowhere" })).toMatchObject({ code: 404 })
    await expect(ada.join("not a name")).rejects.toMatchObject({ code: "refused", response: { code: 400 } })
    const impatient = await person("bob@example.org", { connectionTimeout: 4000 })
    proxy.stall()
    expect(await impatient.send("late")).toEqual({ error: "there was no answer in time", code: 408 })
  })

  it("throws while it is not connected", async () => {
    const ada = await person("ada@example.org")
    await ada.disconnect()
    await expect(ada.send("x")).rejects.toBeInstanceOf(ConnectionError)
    await expect(ada.setDisplayName("x")).rejects.toBeInstanceOf(ConnectionError)
    await expect(ada.join("den")).rejects.toBeInstanceOf(ConnectionError)
    await expect(ada.users()).rejects.toBeInstanceOf(ConnectionError)
  })
})

describe("handlers", () => {
  it("run though another throws or rejects, which is told as an error", async () => {
    const ada = await person("ada@example.org")
    const errors: unknown[] = []
    ada.on("message", () => {
      throw new Error("mine")
    })
    ada.on("message", async () => {
      throw new Error("later")
    })
    const done = new Promise<void>((resolve) => {
      ada.on("error", (error) => {
        errors.push(error)
        if (errors.length === 2) resolve()
      })
    })
    const heard = next(ada, "message")
    await ada.send("x")
    await Promise.all([heard, done])
    expect(errors).toEqual([
      { error: "a handler of message failed: Error: mine", code: 500 },
      { error: "a handler of message failed: Error: later", code: 500 },
    ])
  })

  it("are taken off one by one, or all of an event", async () => {
    const ada = await person("ada@example.org")
    const [one, two] = [vi.fn(), vi.fn()]
    ada.on("message", one)
    ada.on("message", two)
    ada.off("message", one)
    await Promise.all([next(ada, "message"), ada.send("x")])
    ada.off("message")
    await Promise.all([next(ada, "message"), ada.send("y")])
    expect([one.mock.calls.length, two.mock.calls.length]).toEqual([0, 1])
  })
})

describe("when the network is cut", () => {
  it("comes back by itself, says so, and has what was said meanwhile, once and in order", async () => {
    const [ada, bob] = [await person("ada@example.org"), client({ sessionToken: await stage.logIn("bob@example.org") })]
    await bob.connect()
    await ada.join("den")
    const heard: string[] = []
    ada.on("message", ({ content, room }) => heard.push(`${room} ${content}`))
    await Promise.all([next(ada, "message"), bob.send("before")])
    const states: string[] = []
    ada.on("connection_state", ({ state }) => states.push(state))
    // Bob connects directly, past the cut network.
    const direct = new ChatClient(`http://127.0.0.1:${stage.port}`, { sessionToken: bob.sessionToken })
    clients.push(direct)
    await direct.connect()
    await direct.join("den")
    const lost = next(ada, "connection_state", ({ state }) => state === "reconnecting")
    proxy.cut()
    await lost
    expect(ada.connected).toBe(false)
    await expect(ada.send("x")).rejects.toBeInstanceOf(ConnectionError)
    for (let i = 0; i < 120; i++) {
      expect(await direct.send(`m${i}`, { room: i % 2 === 0 ? "lobby" : "den" })).toMatchObject({ status: "ok" })
    }
    const last = next(ada, "message", ({ content }) => content === "m118")
    const lastInDen = next(ada, "message", ({ content }) => content === "m119")
    const back = next(ada, "authenticated")
    proxy.mend()
    await Promise.all([back, last, lastInDen])
    const numbers = Array.from({ length: 120 }, (_, i) => i)
    expect(heard.filter((line) => line.startsWith("lobby"))).toEqual([
      "lobby before",
      ...numbers.filter((i) => i % 2 === 0).map((i) => `lobby m${i}`),
    ])
    expect(heard.filter((line) => line.startsWith("den"))).toEqual(
      numbers.filter((i) => i % 2 === 1).map((i) => `den m${i}`),
    )
    expect(states.at(-1)).toBe("connected")
    expect(await ada.send("here again")).toMatchObject({ status: "ok" })
  })

  it("gives up after the last attempt, and says so", async () => {
    const ada = await person("ada@example.org", { maxReconnectAttempts: 2 })
    const over = Promise.all([next(ada, "disconnect"), next(ada, "error")])
    proxy.cut()
    expect(await over).toEqual([{}, { error: expect.stringContaining("lost"), code: 503 }])
    expect(ada).toMatchObject({ connected: false, connectionState: "disconnected" })
    proxy.mend()
    await ada.connect()
    expect(ada.connected).toBe(true)
  })

  it("does not try again where it shall not", async () => {
    const ada = await person("ada@example.org", { reconnect: false })
    const states: string[] = []
    ada.on("connection_state", ({ state }) => states.push(state))
    const over = next(ada, "disconnect")
    proxy.cut()
    await over
    expect(states).toEqual(["disconnected"])
  })

  it("waits longer from attempt to attempt", async () => {
    const ada = await person("ada@example.org", { reconnectDelay: 10, maxReconnectAttempts: 4 })
    const waits: (number | undefined)[] = []
    ada.on("connection_state", ({ state, retry_in_ms }) => void (state === "reconnecting" && waits.push(retry_in_ms)))
    const over = next(ada, "error")
    proxy.cut()
    await over
    expect(waits.filter((wait) => wait !== undefined)).toEqual([10, 20, 40, 80])
  })
})

describe("the session cache", () => {
  let folder: string
  let file: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rookery-cache-"))
    file = join(folder, "deep", "session.json")
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function loggedIn(): Promise<ChatClient> {
    const ada = client({ sessionCacheFile: file })
    await ada.connect((await stage.link("ada@example.org")).token)
    return ada
  }

  it("keeps the session until the next run, for its owner only, and leaves nothing beside it", async () => {
    await (await loggedIn()).disconnect()
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600")
    expect(await readdir(join(folder, "deep"))).toEqual(["session.json"])
    const again = client({ sessionCacheFile: file })
    await again.connect()
    expect(again.user).toEqual(user("ada@example.org"))
  })

  it("is closed to others before it is used", async () => {
    await (await loggedIn()).disconnect()
    await chmod(file, 0o644)
    await client({ sessionCacheFile: file }).connect()
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600")
  })

  it("is emptied by a log-out, and on request", async () => {
    const ada = await loggedIn()
    await ada.clearCachedSession()
    expect(ada.connected).toBe(true)
    await expect(client({ sessionCacheFile: file }).connect()).rejects.toBeInstanceOf(AuthenticationError)
  })

  it("forgets a session that has ended", async () => {
    const ada = await loggedIn()
    await ada.disconnect()
    await stage.ask("DELETE", "/api/session", { headers: { authorization: `Bearer ${ada.sessionToken}` } })
    await expect(client({ sessionCacheFile: file }).connect()).rejects.toBeInstanceOf(AuthenticationError)
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ sessions: {} })
  })

  it.each(["", "{", "null", "[]", '{"sessions":7}', '{"sessions":{"http://x":{"token":1}}}', "\u0000"])(
    "counts as empty where it is none of ours: %j",
    async (text) => {
      await (await loggedIn()).disconnect()
      await writeFile(file, text)
      await expect(client({ sessionCacheFile: file }).connect()).rejects.toBeInstanceOf(AuthenticationError)
      await loggedIn()
    },
  )

  it("keeps the sessions of several servers apart, and loses none when all write at once", async () => {
    const other = await ChatStage.open()
    try {
      const link = await other.link("bob@example.org")
      const bob = new ChatClient(`http://127.0.0.1:${other.port}`, { sessionCacheFile: file })
      clients.push(bob)
      await bob.connect(link.token)
      await loggedIn()
      const { sessions } = JSON.parse(await readFile(file, "utf8")) as { sessions: Record<string, { email: string }> }
      expect(Object.values(sessions).map(({ email }) => email)).toEqual(["bob@example.org", "ada@example.org"])
    } finally {
      await other[Symbol.asyncDispose]()
    }
  })
})
