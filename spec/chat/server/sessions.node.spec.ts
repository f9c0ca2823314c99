import { mkdtempSync, rmSync } from "node:fs"
import { randomUUID } from "node:crypto"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createClient } from "redis"
import { afterEach, afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Socket } from "rookery"
import { lmdbStore, memoryStore, redisStore, type ChatServerOptions, type ChatStore } from "rookery/chat/server"
import { redis, type NodeRedis } from "rookery/redis"
import { MemoryCluster, MemoryHub, type Cluster } from "rookery/server"
import { PollClient } from "../../support/poll-client.js"
import { rawRequest } from "../../support/raw-http.js"
import { HAS_REDIS, RedisServer } from "../../support/redis-server.js"
import { ChatStage, Inbox } from "./stage.js"

let server: RedisServer | undefined
beforeAll(async () => {
  if (HAS_REDIS) server = await RedisServer.start()
})
afterAll(() => server?.[Symbol.asyncDispose]())

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** The store and the cluster that the servers of one chat share. */
interface Kept {
  store(): Promise<ChatStore>
  cluster(): Promise<Cluster | undefined>
}

const client = async (): Promise<NodeRedis> => {
  const made = createClient({ url: server?.url ?? "" })
  made.on("error", () => {})
  await made.connect()
  undo.push(() => made.destroy())
  return made
}

const STORES: [name: string, keep: () => Kept][] = [
  [
    "in memory",
    () => {
      const store = memoryStore()
      const hub = new MemoryHub()
      return { store: async () => store, cluster: async () => new MemoryCluster(hub) }
    },
  ],
  [
    "on disk",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "rookery-sessions-"))
      undo.push(() => rmSync(folder, { recursive: true }))
      let store: Promise<ChatStore> | undefined
      const hub = new MemoryHub()
      // One process opens the store once, and closes it once.
      return {
        store: async () => ({ ...(await (store ??= lmdbStore(folder))), close: async () => {} }),
        cluster: async () => new MemoryCluster(hub),
      }
    },
  ],
]
if (HAS_REDIS) {
  STORES.push([
    "in Redis",
    () => {
      const prefix = randomUUID()
      return {
        store: async () => redisStore(await client(), { prefix }),
        cluster: async () => redis(await client(), { prefix }),
      }
    },
  ])
}

async function chats(keep: () => Kept, options: ChatServerOptions = {}): Promise<[ChatStage, ChatStage]> {
  const kept = keep()
  const open = async (): Promise<ChatStage> => {
    const cluster = await kept.cluster()
    const stage = await ChatStage.open({
      store: await kept.store(),
      ...(cluster && { endpoint: { cluster } }),
      ...options,
    })
    undo.push(() => stage[Symbol.asyncDispose]())
    return stage
  }
  return [await open(), await open()]
}

const closing = (socket: Socket<never>): Promise<{ code?: number }> =>
  new Promise((resolve) => socket.onClose((event: unknown) => resolve(event as { code?: number })))
const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
const OWN = "A".repeat(43)

describe.each(STORES)("a session that is kept %s", (_name, keep) => {
  it("is never one that somebody brings along, before a log-in or after it", async () => {
    const [chat] = await chats(keep)
    const brought = { cookie: `rookery-session=${OWN}` }
    for (const headers of [brought, bearer(OWN)]) {
      expect((await chat.ask("GET", "/api/session", { headers })).status).toBe(401)
    }
    const { token } = await chat.link("ada@example.com")
    const pressed = await chat.press(token, { origin: chat.origin, ...brought, ...bearer(OWN) })
    expect(pressed.status).toBe(303)
    expect(pressed.headers["set-cookie"]).toHaveLength(1)
    expect(pressed.headers["set-cookie"]?.[0]).not.toContain(OWN)
    const byToken = await chat.ask("POST", "/api/session", {
      headers: { ...brought, ...bearer(OWN) },
      body: { token: (await chat.link("bob@example.com")).token, session_token: OWN, session: OWN, id: OWN },
    })
    expect(byToken.status).toBe(200)
    expect((byToken.json as { session_token: string }).session_token).not.toBe(OWN)
    for (const headers of [brought, bearer(OWN)]) {
      expect((await chat.ask("GET", "/api/session", { headers })).status).toBe(401)
    }
    await expect(chat.connect(OWN)).rejects.toMatchObject({ status: 401 })
  })

  it("is another one at every log-in, and neither a link nor of one", async () => {
    const [chat] = await chats(keep)
    const link = await chat.link("ada@example.com")
    const { json } = await chat.ask("POST", "/api/session", { body: { token: link.token } })
    const { session_token: first } = json as { session_token: string }
    const second = await chat.logIn("ada@example.com")
    expect(new Set([link.token, first, second]).size).toBe(3)
    for (const token of [first, second]) {
      expect((await chat.ask("GET", "/api/session", { headers: bearer(token) })).status).toBe(200)
      expect((await chat.ask("POST", "/api/session", { body: { token } })).status).toBe(401)
      expect((await chat.press(token)).status).toBe(401)
    }
    expect((await chat.ask("GET", "/api/session", { headers: bearer(link.token) })).status).toBe(401)
  })

  it("ends when its browser logs in anew, and so do its sockets", async () => {
    const [chat] = await chats(keep)
    const before = await chat.logInByCookie("ada@example.com")
    const token = before.slice(before.indexOf("=") + 1)
    const other = await chat.person("ada@example.com")
    const closed = closing((await chat.connect(token)) as Socket<never>)
    const link = await chat.link("bob@example.com")
    // The old session lasts until the link is used.
    expect((await chat.press(OWN, { origin: chat.origin, cookie: before })).status).toBe(401)
    expect((await chat.ask("GET", "/api/session", { headers: { cookie: before } })).status).toBe(200)
    expect((await chat.press(link.token, { origin: chat.origin, cookie: before })).status).toBe(303)
    expect((await closed).code).toBe(1001)
    expect((await chat.ask("GET", "/api/session", { headers: { cookie: before } })).status).toBe(401)
    expect(other.isConnected()).toBe(true)
  })

  it("ends on every server with a log-out at any of them, and with it its sockets of every kind", async () => {
    const [here, there] = await chats(keep)
    const cookie = await here.logInByCookie("ada@example.com")
    const token = cookie.slice(cookie.indexOf("=") + 1)
    const sockets = [await here.connect(token), await there.connect(token)]
    const polls = await Promise.all([here, there].map(({ port }) => PollClient.connect(port, { headers: { cookie } })))
    for (const [at, poll] of polls.entries()) {
      await poll.send("1", "1", "room:lobby", "phx_join", {})
      expect([at, JSON.stringify(await poll.next())]).toEqual([at, expect.stringContaining('"ok"')])
    }
    const stays = await there.person("ada@example.com")
    const closed = Promise.all(sockets.map((socket) => closing(socket as Socket<never>)))
    const { status } = await there.ask("DELETE", "/api/session", { headers: { cookie, origin: there.origin } })
    expect(status).toBe(204)
    expect((await closed).map(({ code }) => code)).toEqual([1001, 1001])
    for (const poll of polls) {
      await expect(
        (async () => {
          for (;;) await poll.next()
        })(),
      ).rejects.toThrow("the session is gone")
      expect(await poll.send("1", "2", "room:lobby", "send", { content: "still here?" })).toBe(410)
    }
    for (const chat of [here, there]) {
      expect((await chat.ask("GET", "/api/session", { headers: { cookie } })).status).toBe(401)
      await expect(chat.connect(token)).rejects.toMatchObject({ status: 401 })
      await expect(PollClient.connect(chat.port, { headers: { cookie } })).rejects.toThrow("HTTP 403")
    }
    expect(stays.isConnected()).toBe(true)
  })
})

describe("a log-out of which the other servers do not hear", () => {
  it("ends the sockets there all the same, when they next look", async () => {
    const hub = new MemoryHub()
    /** A cluster that is out of reach, while the store is not. */
    class Deaf extends MemoryCluster {
      override command(): Promise<void> {
        return Promise.reject(new Error("the cluster is away"))
      }
      override publish(): Promise<void> {
        return Promise.reject(new Error("the cluster is away"))
      }
    }
    const store = memoryStore()
    const [here, there] = await chats(() => ({ store: async () => store, cluster: async () => new Deaf(hub) }))
    const token = await here.logIn("ada@example.com")
    const socket = await there.connect(token)
    const other = await there.person("bob@example.com")
    const closed = closing(socket as Socket<never>)
    const { status } = await here.ask("DELETE", "/api/session", { headers: bearer(token) })
    expect(status).toBe(204)
    expect(socket.isConnected()).toBe(true)
    await there.chat.sweep()
    expect((await closed).code).toBe(1001)
    expect(other.isConnected()).toBe(true)
    expect(new Set(here.errors.map(String))).toEqual(new Set(["Error: the cluster is away"]))
  })
})

describe.each(STORES)("a link that is kept %s", (_name, keep) => {
  it("is won by one of many that race for it, by button and by token, at two servers", async () => {
    const limits = { loginsPerAddress: { burst: 1000, everyMs: 1 } }
    const [here, there] = await chats(keep, { limits })
    for (let round = 0; round < 5; round++) {
      const { token } = await here.link(`ada${round}@example.com`)
      const answers = await Promise.all(
        [here, there, here, there].flatMap((chat) => [
          chat.press(token, { origin: chat.origin }),
          chat.ask("POST", "/api/session", { body: { token } }),
        ]),
      )
      const won = answers.find(({ status }) => status !== 401)
      expect([200, 303]).toContain(won?.status)
      const lost = answers.filter(({ status }) => status === 401)
      expect(lost).toHaveLength(7)
      expect(lost.filter(({ headers }) => headers["set-cookie"] !== undefined)).toEqual([])
    }
  })

  it("is not one that was changed, cut, put in other letters, or is too old, at either server", async () => {
    let time = Date.parse("2030-01-01T00:00:00Z")
    const limits = { loginsPerAddress: { burst: 1000, everyMs: 1 } }
    const [here, there] = await chats(keep, { now: () => time, limits })
    const { token } = await here.link("ada@example.com")
    const swapped = [...token].map((letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    )
    const last = token.at(-1) === "A" ? "B" : "A"
    const others: unknown[] = [
      swapped.join(""),
      token.toLowerCase(),
      token.toUpperCase(),
      token.slice(0, -1),
      token.slice(1),
      `${token.slice(0, -1)}${last}`,
      `${token}A`,
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      `${token}\0`,
      token.replace(/^./, "\u212a"),
      Buffer.from(token, "base64url").toString("base64"),
      Buffer.from(token, "base64url").toString("hex"),
      [token],
      { token },
      { toString: token },
      null,
      "",
      "__proto__",
    ].filter((other) => other !== token)
    for (const chat of [here, there]) {
      for (const other of others) {
        const answer = await chat.ask("POST", "/api/session", { body: { token: other } })
        expect([other, answer.status]).toEqual([other, 401])
        if (typeof other !== "string") continue
        expect((await chat.press(other, { origin: chat.origin })).status).toBe(401)
      }
      const hidden = `{"__proto__":{"token":${JSON.stringify(token)}}}`
      expect((await chat.ask("POST", "/api/session", { body: hidden })).status).toBe(401)
    }
    time += 15 * 60_000
    expect((await there.ask("POST", "/api/session", { body: { token } })).status).toBe(401)
    time -= 1
    // A link that is tried too late is used up.
    expect((await there.ask("POST", "/api/session", { body: { token } })).status).toBe(401)
    const again = await here.link("ada@example.com")
    expect((await there.ask("POST", "/api/session", { body: { token: again.token } })).status).toBe(200)
  })
})

describe("a chat whose Host header lies", () => {
  it("names no other host in links, pages and redirects, and takes nothing from a page of it", async () => {
    const [chat] = await chats(() => STORES[0]?.[1]() as Kept)
    const evil = `evil.test:${chat.port}`
    const lies = { host: evil, "x-forwarded-host": evil, forwarded: `host=${evil}`, "x-forwarded-proto": "https" }
    const asked = await chat.ask("POST", "/api/login", { headers: lies, body: { email: "ada@example.com" } })
    expect(asked.status).toBe(202)
    const { link, token } = await chat.mails.next()
    expect(link).toBe(`http://localhost:${chat.port}/login?token=${token}`)
    // A page whose name resolves to this machine now (DNS rebinding) sends requests of the same origin.
    const own = { ...lies, origin: `http://${evil}`, "sec-fetch-site": "same-origin" }
    const page = await chat.ask("GET", `/login?token=${token}`, { headers: own })
    expect(page.text).not.toContain("evil.test")
    expect((await chat.press(token, own)).status).toBe(403)
    for (const [method, path] of [
      ["POST", "/api/login"],
      ["POST", "/api/session"],
      ["DELETE", "/api/session"],
    ] as const) {
      const answer = await chat.ask(method, path, {
        headers: own,
        ...(method === "POST" && { body: { email: "ada@example.com", token } }),
      })
      expect([path, answer.status]).toEqual([path, 403])
    }
    const socket = { ...own, cookie: await chat.logInByCookie("bob@example.com") }
    await expect(PollClient.connect(chat.port, { headers: socket })).rejects.toThrow("HTTP 403")
    const pressed = await chat.press(token, { ...lies, origin: chat.origin })
    expect([pressed.status, pressed.headers.location]).toEqual([303, "/"])
    expect(JSON.stringify(pressed.headers)).not.toContain("evil.test")
  })
})

describe("an answer of the chat", () => {
  it.each([
    "/login?token=a%0d%0aset-cookie:%20rookery-session=evil",
    "/%0d%0alocation:%20https://evil.test",
    "/api/session?x=%0d%0aset-cookie:%20a=b",
    "//evil.test/%2f..",
    "/\\evil.test",
    "/login?token=%00%0a%1b[2J%c2%9b31m",
  ])("has no header that a request makes up: %s", async (path) => {
    const [chat] = await chats(() => STORES[0]?.[1]() as Kept)
    for (const method of ["GET", "POST", "DELETE"]) {
      const { text, headers, status } = await rawRequest(chat.port, `${method} ${path}`, [
        ["cookie", "rookery-session=\u0085x; rookery-session=\u009b31m; a=b"],
        ["x-forwarded-for", "\u0085set-cookie: a=b"],
      ])
      expect(headers["location"]).toBeUndefined()
      expect(text).not.toMatch(/^location:/im)
      // The only cookie of an answer is one that deletes the client's cookie.
      expect(headers["set-cookie"] ?? "").toMatch(/^(rookery-session=; Path=\/; HttpOnly; SameSite=Lax; Max-Age=0)?$/)
      expect([200, 401, 403, 404, 405, 415]).toContain(status)
    }
  })

  it("no cache may store an answer that reveals the user", async () => {
    const [chat] = await chats(() => STORES[0]?.[1]() as Kept)
    const cookie = await chat.logInByCookie("ada@example.com")
    const { token } = await chat.link("ada@example.com")
    const answers = await Promise.all([
      chat.ask("GET", "/api/session", { headers: { cookie } }),
      chat.ask("GET", "/api/session"),
      chat.ask("GET", `/login?token=${token}`),
      chat.ask("POST", "/api/session", { body: { token } }),
      chat.press(token),
      chat.ask("DELETE", "/api/session", { headers: { cookie, origin: chat.origin } }),
    ])
    expect(answers.map(({ headers }) => headers["cache-control"])).toEqual(answers.map(() => "no-store"))
    const poll = await rawRequest(chat.port, "GET /socket/longpoll?vsn=2.0.0", [["cookie", cookie]])
    expect(poll.headers["cache-control"]).toBe("no-store")
  })
})

describe("the chat's log", () => {
  it("has no token of a link or a session, whatever fails", async () => {
    const { inspect } = await import("node:util")
    const lines: unknown[] = []
    const store = memoryStore()
    let broken = false
    const breaks =
      <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        broken ? Promise.reject(new Error("the disk is full")) : act(...args)
    const failing: ChatStore = {
      ...store,
      saveLink: breaks(store.saveLink),
      takeLink: breaks(store.takeLink),
      session: breaks(store.session),
      endSession: breaks(store.endSession),
      saveSession: breaks(store.saveSession),
    }
    const printed = new Inbox<string>()
    const [chat] = await chats(() => ({ store: async () => failing, cluster: async () => undefined }), {
      logger: (...line) => void lines.push(line),
      print: printed.put,
      mail: { send: (email) => Promise.reject(new Error(`${email} is not to be reached`)) },
    })
    await chat.ask("POST", "/api/login", { body: { email: "ada@example.com" } })
    const { Accounts } = await import("../../../lib/chat/server/accounts.js")
    const accounts = new Accounts({ store, linkMs: 1e6, sessionMs: 1e6, now: Date.now })
    const link = await accounts.makeLink("ada@example.com")
    const { token = "" } = (await accounts.redeem(await accounts.makeLink("ada@example.com"))) ?? {}
    broken = true
    const headers = { cookie: `rookery-session=${token}`, origin: chat.origin }
    const answers = [
      await chat.press(link),
      await chat.ask("POST", "/api/session", { body: { token: link } }),
      await chat.ask("GET", "/api/session", { headers }),
      await chat.ask("DELETE", "/api/session", { headers }),
      await chat.ask("POST", "/api/login", { body: { email: "bob@example.com" } }),
      await rawRequest(chat.port, "GET /socket/longpoll?vsn=2.0.0", [["cookie", headers.cookie]]),
    ]
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500, 202, 500])
    await expect(chat.connect(token)).rejects.toMatchObject({ status: 500 })
    const said = inspect(lines, { depth: 20, maxStringLength: Infinity })
    expect(said).toContain("the disk is full")
    expect(said).toContain("is not to be reached")
    for (const text of [said, ...printed.left, ...answers.map(({ text }) => text)]) {
      expect(text).not.toContain(link)
      expect(text).not.toContain(token)
    }
    expect(answers.filter(({ text }) => text.includes("the disk is full"))).toEqual([])
  })
})
