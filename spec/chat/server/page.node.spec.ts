import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { ChatServer } from "rookery/chat/server"
import { ChatStage } from "./stage.js"

let folder: string
let stage: ChatStage
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rookery-page-"))
  mkdirSync(join(folder, "page", "parts"), { recursive: true })
  mkdirSync(join(folder, "page", ".git"))
  const files = {
    "page/index.html": "<!doctype html><title>chat</title>",
    "page/main.js": "export {}",
    "page/style.css": "body {}",
    "page/parts/icon.svg": "<svg/>",
    "page/parts/a b.json": "{}",
    "page/.hidden.json": "secret",
    "page/.git/config.json": "secret",
    "page/notes.txt": "secret",
    "secret.json": "secret",
  }
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  symlinkSync(join(folder, "secret.json"), join(folder, "page", "link.json"))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => stage[Symbol.asyncDispose]())

const open = async (page = join(folder, "page")): Promise<ChatStage> => (stage = await ChatStage.open({ page }))

describe("the page", () => {
  it.each([
    ["/", "text/html; charset=utf-8", "<!doctype html><title>chat</title>"],
    ["/index.html", "text/html; charset=utf-8", "<!doctype html><title>chat</title>"],
    ["/?room=lobby", "text/html; charset=utf-8", "<!doctype html><title>chat</title>"],
    ["/main.js", "text/javascript; charset=utf-8", "export {}"],
    ["/style.css", "text/css; charset=utf-8", "body {}"],
    ["/parts/icon.svg", "image/svg+xml", "<svg/>"],
    ["/parts/a%20b.json", "application/json; charset=utf-8", "{}"],
  ])("is served at %s", async (path, type, text) => {
    const answer = await (await open()).ask("GET", path)
    expect({ ...answer, type: answer.headers["content-type"] }).toMatchObject({ status: 200, type, text })
  })

  it.each([
    "/../secret.json",
    "/parts/../../secret.json",
    "/%2e%2e/secret.json",
    "/..%2fsecret.json",
    "/..\\secret.json",
    "//secret.json",
    "/parts//../../secret.json",
    "/link.json",
    "/.hidden.json",
    "/.git/config.json",
    "/notes.txt",
    "/main.js%00",
    "/main.js/",
    "/parts",
    "/__proto__",
    "/constructor",
    "/%",
    "*",
    "http://elsewhere.example/secret.json",
    "/nothing",
  ])("leads to nothing else: %s", async (path) => {
    const { status, json, headers } = await (await open()).ask("GET", path)
    expect({ status, json }).toEqual({ status: 404, json: { error: expect.any(String), code: 404 } })
    expect(headers["content-security-policy"]).toContain("default-src 'none'")
  })

  it("is served from a folder named in any way", async () => {
    await open(`${relative(process.cwd(), join(folder, "page"))}/parts/..//`)
    expect(await stage.ask("GET", "/parts/icon.svg")).toMatchObject({ status: 200, text: "<svg/>" })
  })

  it("is not sent again to who has it", async () => {
    await open()
    const first = await stage.ask("GET", "/main.js")
    const etag = String(first.headers.etag)
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await stage.ask("GET", "/main.js", { headers: { "if-none-match": known } })
      expect({ status: again.status, text: again.text, etag: again.headers.etag }).toEqual({
        status: 304,
        text: "",
        etag,
      })
    }
    const other = await stage.ask("GET", "/main.js", { headers: { "if-none-match": '"other"' } })
    expect(other).toMatchObject({ status: 200, text: "export {}" })
    expect((await stage.ask("GET", "/style.css")).headers.etag).not.toBe(etag)
  })

  it("is described without being sent", async () => {
    const { status, text, headers } = await (await open()).ask("HEAD", "/main.js")
    expect({ status, text, length: headers["content-length"] }).toEqual({ status: 200, text: "", length: "9" })
  })

  it("takes nothing", async () => {
    const { status, headers } = await (await open()).ask("POST", "/main.js", { body: {} })
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: "GET, HEAD" })
  })

  it("can be left out", async () => {
    stage = await ChatStage.open({ page: false })
    expect(await stage.ask("GET", "/")).toMatchObject({ status: 404 })
  })

  it("has to be a folder", async () => {
    await open()
    expect(() => new ChatServer({ page: join(folder, "missing") })).toThrow(
      expect.objectContaining({ code: "bad_option", message: expect.stringContaining("missing") }),
    )
  })
})

describe("an error", () => {
  const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" }

  it.each([
    ["GET", "/<nothing>", 404, "There is nothing here"],
    ["POST", "/main.js", 405, "This cannot be done here"],
    ["POST", "/login", 403, "This is not allowed"],
  ])("is a page like the rest for a browser that goes to a page: %s %s", async (method, path, code, title) => {
    const { status, text, headers } = await (await open()).ask(method, path, { headers: html })
    expect([status, headers["content-type"], headers.vary]).toEqual([code, "text/html; charset=utf-8", "accept"])
    expect(text).toContain(`<h1>${title}</h1>`)
    expect(text).toContain('<link rel="stylesheet" href="/style.css">')
    expect(text).toContain('<a href="/">Go to the chat</a>')
    expect(text).not.toContain("<nothing>")
  })

  it.each<[string, Record<string, string>]>([
    ["/nothing", {}],
    ["/nothing", { accept: "*/*" }],
    ["/api/nothing", html],
    ["/api/session", html],
  ])("is JSON for everybody else: %s %j", async (path, headers) => {
    const { status, json } = await (await open()).ask("GET", path, { headers })
    expect(json).toEqual({ code: status, error: expect.any(String) })
  })

  it("says what was wrong as text", async () => {
    const { text, status } = await (await open()).ask("POST", "/<b>", { headers: html })
    expect(status).toBe(404)
    expect(text).not.toContain("<b>")
  })
})

describe("every answer", () => {
  it.each([
    ["GET", "/"],
    ["GET", "/main.js"],
    ["GET", "/login?token=abc"],
    ["POST", "/login"],
    ["GET", "/api/session"],
    ["POST", "/api/login"],
    ["GET", "/nothing"],
  ])("allows the page what it needs and nothing more: %s %s", async (method, path) => {
    const { headers } = await (await open()).ask(method, path)
    const policy = Object.fromEntries(
      String(headers["content-security-policy"])
        .split("; ")
        .map((directive) => [directive.split(" ", 1)[0], directive.slice(directive.indexOf(" ") + 1)]),
    )
    expect(policy).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self'",
      "connect-src": "'self'",
      "base-uri": "'none'",
      "form-action": "'self'",
      "frame-ancestors": "'none'",
    })
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": expect.stringMatching(/^(no-referrer|strict-origin)$/),
    })
    expect(headers).not.toHaveProperty("x-powered-by")
    expect(headers).not.toHaveProperty("access-control-allow-origin")
  })
})
