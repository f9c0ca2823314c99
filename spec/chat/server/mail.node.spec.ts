import { createServer } from "node:http"
import { afterEach, describe, expect, it, vi } from "vitest"
import { ChatServer, logMail, memoryStore, smtpMail, type Mail } from "rookery/chat/server"
import { PATIENCE } from "../../support/patience.js"
import { SmtpSink } from "../../support/smtp-sink.js"
import { ChatStage, Inbox } from "./stage.js"

const FROM = { MAIL_FROM: "Chat <chat@example.com>" }

describe("a link by SMTP", () => {
  it("comes as one mail to one address, and works", async () => {
    await using sink = await SmtpSink.open()
    const mail = smtpMail({ SMTP_URL: `smtp://127.0.0.1:${sink.port}`, ...FROM }) as Mail
    await using stage = await ChatStage.open({ mail, publicUrl: "https://chat.example.com" })
    expect(await stage.ask("POST", "/api/login", { body: { email: " Ada@Example.com" } })).toMatchObject({
      status: 202,
    })
    const { from, to, data, login } = await sink.next()
    expect({ from, to, login }).toEqual({ from: "chat@example.com", to: ["ada@example.com"], login: undefined })
    expect(data).toContain("\nTo: ada@example.com\n")
    // Quoted-printable text breaks long lines, and writes = as =3D.
    const text = data.replace(/=\n/g, "").replace(/=3D/g, "=")
    const [, token] = /^https:\/\/chat\.example\.com\/login\?token=([\w-]{43})$/m.exec(text) ?? []
    const { status, json } = await stage.ask("POST", "/api/session", { body: { token } })
    expect({ status, json }).toMatchObject({ status: 200, json: { user: { email: "ada@example.com" } } })
  })

  it("is sent by host, port, user and password too", async () => {
    await using sink = await SmtpSink.open()
    const mail = smtpMail({
      SMTP_URL: "",
      SMTP_HOST: "127.0.0.1",
      SMTP_PORT: String(sink.port),
      SMTP_USER: "chat",
      SMTP_PASS: "secret",
      ...FROM,
    })
    await mail?.send("ada@example.com", "https://chat.example.com/login?token=a")
    expect(await sink.next()).toMatchObject({ to: ["ada@example.com"], login: "chat secret" })
  })

  it.each([
    "ada@example.com\r\nBcc: eve@evil.example",
    "ada@example.com\nSubject: hello",
    "ada@example.com, eve@evil.example",
    "ada@example.com> <eve@evil.example",
    '"a\r\nBcc: eve@evil.example"@example.com',
  ])("goes to nobody but the address: %j", async (email) => {
    await using sink = await SmtpSink.open()
    const mail = smtpMail({ SMTP_URL: `smtp://127.0.0.1:${sink.port}`, ...FROM })
    await mail?.send(email, "https://chat.example.com/login?token=a")
    const { to, data } = await sink.next()
    expect({ others: sink.mails, recipients: to.length }).toEqual({ others: [], recipients: 1 })
    expect(to).not.toContain("eve@evil.example")
    const headers = (data.split("\n\n", 1)[0] ?? "").split(/\n(?!\s)/)
    expect(headers.filter((line) => /^(bcc|cc):|^subject: hello/i.test(line))).toEqual([])
    expect(headers.filter((line) => /^(to|subject):/i.test(line))).toHaveLength(2)
  })

  it("a failed mail is reported in the log, and nowhere else", async () => {
    await using sink = await SmtpSink.open()
    sink.refuses = true
    const errors = new Inbox<unknown>()
    const mail = smtpMail({ SMTP_URL: `smtp://127.0.0.1:${sink.port}`, ...FROM }) as Mail
    await using stage = await ChatStage.open({ mail, logger: (_level, _text, { error }) => errors.put(error) })
    const { status, json } = await stage.ask("POST", "/api/login", { body: { email: "ada@example.com" } })
    expect({ status, json }).toEqual({ status: 202, json: { status: "ok" } })
    expect(String(await errors.next())).toContain("nobody lives here")
  })
})

describe("mail by the environment", () => {
  it("is none if no server is named", () => {
    expect(smtpMail({ ...FROM, SMTP_PORT: "25" })).toBeUndefined()
    expect(smtpMail({ SMTP_URL: "", SMTP_HOST: "" })).toBeUndefined()
  })

  it.each([
    [{ SMTP_HOST: "mail.example.com" }, "MAIL_FROM"],
    [{ SMTP_HOST: "mail.example.com", SMTP_PORT: "smtp", ...FROM }, "SMTP_PORT"],
    [{ SMTP_HOST: "mail.example.com", SMTP_PORT: "70000", ...FROM }, "SMTP_PORT"],
  ])("says what is wrong with %j", (environment, name) => {
    expect(() => smtpMail(environment)).toThrow(
      expect.objectContaining({ code: "bad_option", message: expect.stringContaining(name) }),
    )
  })
})

describe("without a mail server", () => {
  const chats: ChatServer[] = []
  const made = (lines: string[], publicUrl?: string): ChatServer => {
    const print = (line: string): void => void lines.push(line)
    const chat = new ChatServer({ mail: logMail(print), print, publicUrl, page: false, store: memoryStore() })
    chats.push(chat)
    return chat
  }
  afterEach(async () => {
    vi.doUnmock("nodemailer")
    vi.resetModules()
    for (const chat of chats.splice(0)) await chat.close()
  })

  it("links are printed, which is said at the start", async () => {
    const lines: string[] = []
    const chat = made(lines)
    const { port } = await chat.listen()
    expect(lines).toEqual([expect.stringMatching(/links .* printed here.* SMTP_URL and MAIL_FROM/)])
    const body = JSON.stringify({ email: "ada@example.com" })
    const headers = { "content-type": "application/json" }
    await (await fetch(`http://127.0.0.1:${port}/api/login`, { method: "POST", headers, body })).text()
    await vi.waitFor(() => expect(lines).toHaveLength(2), PATIENCE)
    expect(lines[1]).toMatch(/^A link for ada@example\.com: http:\/\/localhost:\d+\/login\?token=[\w-]{43}$/)
  })

  it.each(["0.0.0.0", "::", "127.evil.example"])("it does not listen at %s, and says what to set", async (host) => {
    const error = { code: "bad_option", message: expect.stringMatching(/SMTP_URL .*SMTP_HOST.*MAIL_FROM/) }
    await expect(made([], "https://chat.example.com").listen({ host })).rejects.toMatchObject(error)
  })

  it("it serves a server of one's own only while that listens on this machine", async () => {
    const lines: string[] = []
    await using server = Object.assign(createServer(), {
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
    })
    const error = expect.objectContaining({ code: "bad_option" })
    expect(() => made(lines, "https://chat.example.com").attach(server)).toThrow(error)
    await new Promise<void>((resolve) => server.listen(0, resolve))
    expect(() => made(lines, "https://chat.example.com").attach(server)).toThrow(error)
    await new Promise((resolve) => server.close(resolve))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    made(lines).attach(server)
    expect(lines).toHaveLength(1)
  })

  it("it says what to install where nodemailer is missing, before anybody asks for a link", async () => {
    vi.resetModules()
    vi.doMock("nodemailer", () => {
      throw Object.assign(new Error("Cannot find package 'nodemailer'"), { code: "ERR_MODULE_NOT_FOUND" })
    })
    const fresh = await import("rookery/chat/server")
    const mail = fresh.smtpMail({ SMTP_HOST: "127.0.0.1", ...FROM })
    const chat = new fresh.ChatServer({ mail, page: false, logger: false })
    chats.push(chat as unknown as ChatServer)
    await expect(chat.listen()).rejects.toMatchObject({
      code: "bad_option",
      message: expect.stringContaining("npm install nodemailer"),
    })
  })
})

describe("a public URL", () => {
  it.each([
    "chat.example.com",
    "ftp://chat.example.com",
    "https://chat.example.com/app",
    "https://chat.example.com/?a=1",
  ])("is none that is not a bare origin: %s", (publicUrl) => {
    expect(() => new ChatServer({ publicUrl, page: false })).toThrow(expect.objectContaining({ code: "bad_option" }))
  })

  it("has to be said where it listens for others than this machine", async () => {
    const mail: Mail = { send: async () => {} }
    await using chat = new ChatServer({ mail, page: false })
    const error = { code: "bad_option", message: expect.stringContaining("publicUrl is not set") }
    await expect(chat.listen({ host: "0.0.0.0" })).rejects.toMatchObject(error)
  })
})
