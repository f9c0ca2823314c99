import { connect } from "node:net"
import { logMail, type ChatServerOptions } from "rookery/chat/server"
import { afterEach, describe, expect, it } from "vitest"
import { ChatStage, type Answer } from "./stage.js"

let stage: ChatStage
afterEach(() => stage[Symbol.asyncDispose]())

const mail = logMail(() => {})
const open = async (options: ChatServerOptions = {}): Promise<void> => {
  stage = await ChatStage.open({ mail, ...options })
}
const click = (headers: Record<string, string> = {}): Promise<Answer> =>
  stage.ask("POST", "/api/login/local", { headers: { origin: stage.origin, ...headers }, body: {} })
const offered = async (headers: Record<string, string> = {}): Promise<unknown> => {
  const { json } = await stage.ask("GET", "/api/login", { headers })
  return (json as { local: unknown }).local
}
const cookieOf = ({ headers }: Answer): string => headers["set-cookie"]?.[0]?.split(";")[0] ?? ""
const userOf = async (cookie: string): Promise<unknown> =>
  (await stage.ask("GET", "/api/session", { headers: { cookie } })).json

describe("the log-in with one click", () => {
  it("begins a session on a server of this machine that mails no links", async () => {
    await open()
    expect(await offered()).toBe(true)
    const answer = await click()
    expect(answer.status).toBe(204)
    expect(await userOf(cookieOf(answer))).toMatchObject({ user: { email: "ada@localhost", display_name: "Ada" } })
  })

  it("lets a second browser in as another person", async () => {
    await open()
    const [, token = ""] = cookieOf(await click()).split("=")
    await stage.connect(token)
    expect(await userOf(cookieOf(await click()))).toMatchObject({ user: { email: "grace@localhost" } })
  })

  it.each<[string, Record<string, string>]>([
    ["a Host of another site, whose name resolves to this machine", { host: "rebound.example.com" }],
    ["a Host that only begins like this machine's", { host: "localhost.example.com:80" }],
    ["X-Forwarded-For", { "x-forwarded-for": "127.0.0.1" }],
    ["X-Forwarded-Proto", { "x-forwarded-proto": "https" }],
    ["X-Real-IP", { "x-real-ip": "127.0.0.1" }],
    ["Forwarded", { forwarded: "for=127.0.0.1" }],
    ["Via", { via: "1.1 proxy" }],
    ["CF-Connecting-IP", { "cf-connecting-ip": "127.0.0.1" }],
  ])("is neither offered nor given to a request with %s", async (_what, headers) => {
    await open()
    expect(await offered(headers)).toBe(false)
    expect((await click(headers)).status).toBe(403)
  })

  it("gives a token to a client that has no cookies, and to no other page", async () => {
    await open()
    const begin = (headers: Record<string, string> = {}): Promise<Answer> =>
      stage.ask("POST", "/api/session", { headers, body: { local: true } })
    const { status, json } = await begin()
    expect([status, json]).toEqual([
      200,
      {
        session_token: expect.any(String),
        expires_at: expect.any(String),
        user: expect.objectContaining({ email: "ada@localhost" }),
      },
    ])
    const others: Record<string, string>[] = [
      { origin: "https://example.com" },
      { "x-forwarded-for": "127.0.0.1" },
      { host: "rebound.example.com" },
    ]
    for (const headers of others) expect((await begin(headers)).status).toBe(403)
    await stage[Symbol.asyncDispose]()
    await open({ localLogin: false })
    expect((await begin()).status).toBe(403)
  })

  it.each<[string, Record<string, string>]>([
    ["another site", { origin: "https://example.com" }],
    ["another port of this machine", { origin: "http://localhost:1" }],
    ["nowhere", { origin: "null" }],
  ])("is refused to a page of %s", async (_what, headers) => {
    await open()
    expect((await click(headers)).status).toBe(403)
  })

  it("is refused to a form, which any page may send", async () => {
    await open()
    const headers = { origin: stage.origin, "content-type": "text/plain" }
    expect((await stage.ask("POST", "/api/login/local", { headers, body: "{}" })).status).toBe(415)
  })

  it.each<[string, ChatServerOptions]>([
    ["mails its links", { mail: { send: async () => {} } }],
    ["trusts a proxy", { trustProxy: 1 }],
    ["is found elsewhere", { publicUrl: "https://chat.example.com" }],
    ["was told not to", { localLogin: false }],
  ])("is neither offered nor given by a server that %s", async (_what, options) => {
    await open(options)
    expect(await offered()).toBe(false)
    expect((await click()).status).toBe(403)
  })

  it("is refused to people who may not log in", async () => {
    await open({ mayLogIn: () => false })
    expect((await click()).status).toBe(403)
  })

  it("is refused past a proxy that adds no header and speaks HTTP/1.0", async () => {
    await open()
    const socket = connect(stage.port, "127.0.0.1")
    const body = `Host: 127.0.0.1:${stage.port}\r\nOrigin: ${stage.origin}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
    socket.end(`POST /api/login/local HTTP/1.0\r\n${body}`)
    const chunks: string[] = []
    for await (const chunk of socket.setEncoding("utf8")) chunks.push(String(chunk))
    expect(chunks.join("")).toMatch(/^HTTP\/1\.1 403 /)
  })
})
