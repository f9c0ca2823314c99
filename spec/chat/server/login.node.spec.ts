import { createHash } from "node:crypto"
import { memoryStore, type ChatStore } from "rookery/chat/server"
import { afterEach, describe, expect, it } from "vitest"
import { ChatStage } from "./stage.js"

const DAY = 86_400_000
let stage: ChatStage
let time = Date.parse("2030-01-01T00:00:00Z")
const now = (): number => time
afterEach(() => stage[Symbol.asyncDispose]())

const hashOf = (token: string): string => createHash("sha256").update(token).digest("base64url")

describe("asking for a link", () => {
  it("answers the same whether the address is known, unknown, or may not log in", async () => {
    stage = await ChatStage.open({ mayLogIn: (email) => !email.startsWith("mallory") })
    await stage.logIn("ada@example.com")
    const answers = []
    for (const email of ["ada@example.com", "bob@example.com", "mallory@example.com"]) {
      const { status, text, headers } = await stage.ask("POST", "/api/login", { body: { email } })
      const { date: _date, ...rest } = headers
      answers.push({ status, text, ...rest })
    }
    expect(answers[0]).toMatchObject({ status: 202, text: '{"status":"ok"}' })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
    expect([(await stage.mails.next()).email, (await stage.mails.next()).email]).toEqual([
      "ada@example.com",
      "bob@example.com",
    ])
    expect(stage.mails.left).toEqual([])
  })

  it("does not wait for the mail, nor fail with it", async () => {
    let fail: (error: Error) => void = () => {}
    const send = (): Promise<void> => new Promise((_resolve, reject) => (fail = reject))
    stage = await ChatStage.open({ mail: { send } })
    expect((await stage.ask("POST", "/api/login", { body: { email: "ada@example.com" } })).status).toBe(202)
    const error = new Error("the mail server is away")
    fail(error)
    await new Promise(setImmediate)
    expect(stage.errors).toEqual([error])
  })

  it("takes an address with spaces around it and capitals in it for the one it means", async () => {
    stage = await ChatStage.open()
    expect((await stage.link("  Ada@Example.COM\n")).email).toBe("ada@example.com")
  })

  it.each([
    "",
    "ada",
    "ada@",
    "@example.com",
    "a b@example.com",
    "a@b@c",
    "a@example.com\r\nBcc: c@example.com",
    7,
    null,
  ])("refuses what is no address: %j", async (email) => {
    stage = await ChatStage.open()
    const { status, json } = await stage.ask("POST", "/api/login", { body: { email } })
    expect({ status, json }).toEqual({ status: 400, json: { error: "that is not an e-mail address", code: 400 } })
  })

  it("refuses a body that is not JSON, not an object, of another type, or too long", async () => {
    stage = await ChatStage.open()
    const statusOf = async (body: string, headers = {}): Promise<number> =>
      (await stage.ask("POST", "/api/login", { body, headers })).status
    expect(await statusOf("{")).toBe(400)
    expect(await statusOf("[]")).toBe(400)
    expect(await statusOf('{"email":"ada@example.com"}', { "content-type": "text/plain" })).toBe(415)
    expect(await statusOf(JSON.stringify({ email: "a".repeat(8000) }))).toBe(413)
    expect(stage.errors).toEqual([])
  })

  it("builds the link from the public URL, whatever the Host header says", async () => {
    stage = await ChatStage.open({ publicUrl: "https://chat.example.com/" })
    const headers = { host: "evil.example", "x-forwarded-host": "evil.example", forwarded: "host=evil.example" }
    await stage.ask("POST", "/api/login", { headers, body: { email: "ada@example.com" } })
    const { link, token } = await stage.mails.next()
    expect(link).toBe(`https://chat.example.com/login?token=${token}`)
  })

  it("puts 256 bits of chance into a link, and keeps their hash only", async () => {
    const kept: string[] = []
    const store = memoryStore()
    const watched: ChatStore = {
      ...store,
      saveLink: (hash, link) => store.saveLink(hash, link).then(() => void kept.push(hash)),
      saveSession: (hash, session) => store.saveSession(hash, session).then(() => void kept.push(hash)),
    }
    stage = await ChatStage.open({ store: watched })
    const { token } = await stage.link("ada@example.com")
    expect(Buffer.from(token, "base64url")).toHaveLength(32)
    const { json } = await stage.ask("POST", "/api/session", { body: { token } })
    const { session_token } = json as { session_token: string }
    expect(Buffer.from(session_token, "base64url")).toHaveLength(32)
    expect(kept).toEqual([hashOf(token), hashOf(session_token)])
  })

  it("is limited for each address", async () => {
    stage = await ChatStage.open({ now, limits: { linksPerEmail: { burst: 2, everyMs: 60_000 } } })
    const askFor = (email: string) => stage.ask("POST", "/api/login", { body: { email } })
    await stage.link("ada@example.com")
    await stage.link("ADA@example.com")
    const { status, json, headers } = await askFor("ada@example.com")
    expect({ status, json }).toEqual({
      status: 429,
      json: { error: "that was asked for too often; wait 60 s", code: 429 },
    })
    expect(headers["retry-after"]).toBe("60")
    expect((await askFor("bob@example.com")).status).toBe(202)
    time += 60_000
    expect((await askFor("ada@example.com")).status).toBe(202)
    expect((await askFor("ada@example.com")).status).toBe(429)
  })

  it("is not used up by a stranger who asks for links to the same address", async () => {
    stage = await ChatStage.open({ now, trustProxy: 1 })
    const askFrom = async (address: string): Promise<number> => {
      const body = { email: "ada@example.com" }
      return (await stage.ask("POST", "/api/login", { headers: { "x-forwarded-for": address }, body })).status
    }
    const stranger: number[] = []
    for (let i = 0; i < 10; i++) stranger.push(await askFrom("203.0.113.66"))
    expect(stranger.filter((status) => status === 202)).toHaveLength(3)
    expect(await askFrom("198.51.100.7")).toBe(202)
  })

  it("is not ended by a link that a stranger asks for", async () => {
    stage = await ChatStage.open({ now })
    const { token } = await stage.link("ada@example.com")
    await stage.link("ada@example.com")
    await stage.link("ada@example.com")
    expect((await stage.ask("POST", "/api/session", { body: { token } })).status).toBe(200)
  })

  it("floods no mailbox, however many strangers ask, and its owner always has one that works", async () => {
    stage = await ChatStage.open({ now, trustProxy: 1 })
    let strangers = 0
    const askAsStranger = async (): Promise<{ status: number; json: unknown }> => {
      const headers = { "x-forwarded-for": `203.0.113.${strangers++}` }
      return stage.ask("POST", "/api/login", { headers, body: { email: "ada@example.com" } })
    }
    const answers = []
    for (let i = 0; i < 30; i++) answers.push(await askAsStranger())
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(10)
    expect(answers.at(-1)).toMatchObject({
      status: 429,
      json: { error: "many links were sent to this address: use the newest, or ask later; wait 300 s" },
    })
    let newest = ""
    for (let i = 0; i < 10; i++) newest = (await stage.mails.next()).token
    // For two hours, strangers take every link as soon as the limit allows one more.
    for (let minutes = 1; minutes <= 120; minutes++) {
      time += 60_000
      if ((await askAsStranger()).status === 202) newest = (await stage.mails.next()).token
    }
    expect((await stage.ask("POST", "/api/session", { body: { token: newest } })).status).toBe(200)
  })

  it("is mailed for other networks while one network waits for mails that hang", async () => {
    const hanging: (() => void)[] = []
    const mails: string[] = []
    const send = (email: string): Promise<void> => {
      if (email.startsWith("ada")) return Promise.resolve(void mails.push(email))
      return new Promise((resolve) => void hanging.push(resolve))
    }
    stage = await ChatStage.open({ now, trustProxy: 1, mail: { send } })
    const askFrom = async (address: string, email: string): Promise<number> =>
      (await stage.ask("POST", "/api/login", { headers: { "x-forwarded-for": address }, body: { email } })).status
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push(await askFrom("203.0.113.66", `p${i}@example.com`))
    expect(statuses).toEqual([...Array<number>(10).fill(202), 503, 503])
    expect(await askFrom("198.51.100.7", "ada@example.com")).toBe(202)
    expect(mails).toEqual(["ada@example.com"])
    for (const end of hanging) end()
    // The server handles the ends of these requests before the next request.
    expect(await askFrom("203.0.113.66", "late@example.com")).toBe(202)
    for (const end of hanging) end()
  })

  it("is limited for each client, as far as proxies are trusted", async () => {
    stage = await ChatStage.open({ now, trustProxy: 1, limits: { loginsPerAddress: { burst: 1, everyMs: 60_000 } } })
    let count = 0
    const statusFrom = async (forwarded: string): Promise<number> => {
      const headers = { "x-forwarded-for": forwarded }
      return (await stage.ask("POST", "/api/login", { headers, body: { email: `p${count++}@example.com` } })).status
    }
    expect(await statusFrom("203.0.113.1")).toBe(202)
    expect(await statusFrom("203.0.113.1")).toBe(429)
    // An address that the client itself claims stands further to the left.
    expect(await statusFrom("198.51.100.7, 203.0.113.1")).toBe(429)
    expect(await statusFrom("203.0.113.2")).toBe(202)
    expect(await statusFrom("2001:db8:1:2::1")).toBe(202)
    expect(await statusFrom("2001:db8:1:2:ffff::9")).toBe(429)
    expect(await statusFrom("2001:db8:1:3::1")).toBe(202)
  })

  it("is limited by the real address where no proxy is trusted", async () => {
    stage = await ChatStage.open({ now, limits: { loginsPerAddress: { burst: 1, everyMs: 60_000 } } })
    const statusFrom = async (forwarded: string): Promise<number> => {
      const headers = { "x-forwarded-for": forwarded }
      return (await stage.ask("POST", "/api/login", { headers, body: { email: "ada@example.com" } })).status
    }
    expect([await statusFrom("203.0.113.1"), await statusFrom("203.0.113.2")]).toEqual([202, 429])
  })
})

describe("a link", () => {
  it("is not used up by those who only open it", async () => {
    stage = await ChatStage.open()
    const { token } = await stage.link("ada@example.com")
    const opened = await stage.ask("GET", `/login?token=${token}`)
    await stage.ask("HEAD", `/login?token=${token}`)
    await stage.ask("GET", `/login?token=${token}`)
    expect(opened.status).toBe(200)
    expect(opened.text).toContain('<form method="post" action="/login">')
    expect(opened.text).toContain(`value="${token}"`)
    expect(opened.text).not.toContain("<script")
    expect(opened.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "strict-origin" })
    expect(opened.headers["set-cookie"]).toBeUndefined()
    expect((await stage.press(token)).status).toBe(303)
  })

  it("shows whatever stands in its place as text", async () => {
    stage = await ChatStage.open()
    const { text } = await stage.ask("GET", `/login?token=${encodeURIComponent('"><script>alert(1)</script>')}`)
    expect(text).not.toContain("<script")
    expect(text).toContain("&#34;&#62;&#60;script&#62;")
  })

  it("works once, of two that press its button at the same time for one", async () => {
    stage = await ChatStage.open()
    const { token } = await stage.link("ada@example.com")
    const answers = await Promise.all([stage.press(token), stage.press(token), stage.press(token)])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 401, 401])
    const used = answers.find(({ status }) => status === 401)
    expect(used?.text).toContain("This link does not work any more")
    expect(used?.headers["set-cookie"]).toBeUndefined()
    expect((await stage.ask("POST", "/api/session", { body: { token } })).status).toBe(401)
  })

  it("works for a quarter of an hour", async () => {
    stage = await ChatStage.open({ now })
    const inTime = await stage.link("ada@example.com")
    const late = await stage.link("bob@example.com")
    time += 15 * 60_000 - 1
    expect((await stage.press(inTime.token)).status).toBe(303)
    time += 1
    expect((await stage.press(late.token)).status).toBe(401)
  })

  it.each([
    ["another site", { origin: "https://evil.example" }],
    ["a page without an origin", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["another site, by what the browser says", { "sec-fetch-site": "cross-site" }],
    ["a neighbour", { "sec-fetch-site": "same-site" }],
    ["nobody says where", {}],
  ])("is not taken from %s", async (_who, headers) => {
    stage = await ChatStage.open()
    const { token } = await stage.link("ada@example.com")
    expect((await stage.press(token, headers as Record<string, string>)).status).toBe(403)
    expect((await stage.press(token)).status).toBe(303)
  })

  it("is taken from the page it shows, of which a browser may only say that it is of the same origin", async () => {
    stage = await ChatStage.open()
    const { token } = await stage.link("ada@example.com")
    expect((await stage.press(token, { origin: "null", "sec-fetch-site": "same-origin" })).status).toBe(303)
  })

  it("gives who is no browser a token instead of a cookie", async () => {
    stage = await ChatStage.open({ now })
    const { token } = await stage.link("ada@example.com")
    const { status, json, headers } = await stage.ask("POST", "/api/session", { body: { token } })
    expect(status).toBe(200)
    expect(json).toEqual({
      session_token: expect.stringMatching(/^[\w-]{43}$/),
      user: { id: "user:ada@example.com", email: "ada@example.com", display_name: null },
      expires_at: new Date(time + 30 * DAY).toISOString(),
    })
    expect(headers["cache-control"]).toBe("no-store")
    const again = await stage.ask("POST", "/api/session", { body: { token } })
    expect(again).toMatchObject({
      status: 401,
      json: { code: 401, error: expect.stringContaining("ask for a new one") },
    })
  })

  it("cannot be guessed without end", async () => {
    stage = await ChatStage.open({ limits: { loginsPerAddress: { burst: 2, everyMs: 60_000 } } })
    const guess = () => stage.ask("POST", "/api/session", { body: { token: "A".repeat(43) } })
    expect([await guess(), await guess(), await guess()].map(({ status }) => status)).toEqual([401, 401, 429])
  })
})

describe("a session", () => {
  it("is a cookie that no script reads and no other site sends with a form", async () => {
    stage = await ChatStage.open()
    const { headers } = await stage.press((await stage.link("ada@example.com")).token)
    expect(headers.location).toBe("/")
    const [cookie = ""] = headers["set-cookie"] ?? []
    expect(cookie.split("; ").slice(1)).toEqual(["Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=2592000"])
    expect(cookie).toMatch(/^rookery-session=[\w-]{43};/)
  })

  it("is a cookie bound to the host and to TLS where the public URL is https", async () => {
    stage = await ChatStage.open({ publicUrl: "https://chat.example.com" })
    const { headers } = await stage.press((await stage.link("ada@example.com")).token)
    const [cookie = ""] = headers["set-cookie"] ?? []
    expect(cookie).toMatch(/^__Host-rookery-session=[\w-]{43};/)
    expect(cookie.split("; ").slice(1).sort()).toEqual([
      "HttpOnly",
      "Max-Age=2592000",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ])
  })

  it("tells who is logged in, by cookie and by header", async () => {
    stage = await ChatStage.open({ now })
    const cookie = await stage.logInByCookie("ada@example.com")
    const token = await stage.logIn("bob@example.com")
    const expires_at = new Date(time + 30 * DAY).toISOString()
    const user = (email: string) => ({ id: `user:${email}`, email, display_name: null })
    expect(await stage.ask("GET", "/api/session", { headers: { cookie: `a=b; ${cookie}` } })).toMatchObject({
      status: 200,
      json: { user: user("ada@example.com"), expires_at },
    })
    expect(await stage.ask("GET", "/api/session", { headers: { authorization: `Bearer ${token}` } })).toMatchObject({
      status: 200,
      json: { user: user("bob@example.com"), expires_at },
    })
  })

  it("is told with the ways to log in, without an error for a browser that has none", async () => {
    stage = await ChatStage.open({ now })
    const ask = (headers: Record<string, string> = {}) => stage.ask("GET", "/api/login", { headers })
    const cookie = await stage.logInByCookie("ada@example.com")
    expect(await ask({ cookie })).toMatchObject({
      status: 200,
      json: {
        local: false,
        session: {
          user: { id: "user:ada@example.com", email: "ada@example.com" },
          expires_at: new Date(time + 30 * DAY).toISOString(),
        },
      },
    })
    const nobody = await ask()
    expect([nobody.status, nobody.json]).toEqual([200, { local: false, session: null }])
    expect(nobody.headers["set-cookie"]).toBeUndefined()
    time += 30 * DAY
    const ended = await ask({ cookie })
    expect([ended.status, ended.json]).toEqual([200, { local: false, session: null }])
    expect(ended.headers["set-cookie"]).toEqual([expect.stringMatching(/^rookery-session=;.*Max-Age=0/)])
  })

  it("is none without a token, with one that is none, and with a link's", async () => {
    stage = await ChatStage.open()
    const { token } = await stage.link("ada@example.com")
    for (const headers of [{}, { cookie: "rookery-session=x" }, { authorization: `Bearer ${token}` }]) {
      expect(await stage.ask("GET", "/api/session", { headers: headers as Record<string, string> })).toMatchObject({
        status: 401,
        json: { error: "not logged in", code: 401 },
      })
    }
  })

  it("lasts as long as it is told to", async () => {
    stage = await ChatStage.open({ now, sessionDays: 2, linkMinutes: 1 })
    const headers = { cookie: await stage.logInByCookie("ada@example.com") }
    time += 2 * DAY - 1
    expect((await stage.ask("GET", "/api/session", { headers })).status).toBe(200)
    time += 1
    const { status, headers: answered } = await stage.ask("GET", "/api/session", { headers })
    expect(status).toBe(401)
    expect(answered["set-cookie"]).toEqual([expect.stringMatching(/^rookery-session=;.*Max-Age=0/)])
  })

  it("ends by a log-out, which takes the cookie away", async () => {
    stage = await ChatStage.open()
    const cookie = await stage.logInByCookie("ada@example.com")
    const { status, headers } = await stage.ask("DELETE", "/api/session", {
      headers: { cookie, origin: stage.origin },
    })
    expect(status).toBe(204)
    expect(headers["set-cookie"]).toEqual([expect.stringMatching(/^rookery-session=;.*Max-Age=0/)])
    expect((await stage.ask("GET", "/api/session", { headers: { cookie } })).status).toBe(401)
  })

  it.each([{ origin: "https://evil.example" }, { "sec-fetch-site": "same-site" }, {}])(
    "is not ended by another site's page: %j",
    async (from) => {
      stage = await ChatStage.open()
      const cookie = await stage.logInByCookie("ada@example.com")
      expect((await stage.ask("DELETE", "/api/session", { headers: { cookie, ...from } })).status).toBe(403)
      expect((await stage.ask("GET", "/api/session", { headers: { cookie } })).status).toBe(200)
    },
  )

  it("is ended by its token without any origin", async () => {
    stage = await ChatStage.open()
    const headers = { authorization: `Bearer ${await stage.logIn("ada@example.com")}` }
    expect((await stage.ask("DELETE", "/api/session", { headers })).status).toBe(204)
    expect((await stage.ask("DELETE", "/api/session", { headers })).status).toBe(401)
  })
})
