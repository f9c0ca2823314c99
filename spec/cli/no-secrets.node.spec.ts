import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Endpoint } from "rookery/server"
import { runCli } from "../support/cli.js"

const SECRET = "s3cr3t-t0ken"

let endpoint: Endpoint
let url: string
let broken: string
const servers: { close(): unknown }[] = []
beforeAll(async () => {
  endpoint = new Endpoint({ logger: false, connect: ({ params, authToken }) => params["may"] === "yes" && !!authToken })
  endpoint.channel("room:*", { receive: { echo: () => ({ fine: true }) } })
  const { port } = await endpoint.listen()
  url = `ws://127.0.0.1:${port}/socket`
  const server = createServer((_request, response) => response.destroy())
  server.on("upgrade", (_request, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  servers.push(server)
  broken = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/socket`
})
afterAll(async () => {
  for (const server of servers) server.close()
  await endpoint.close({ deadlineMs: 0 })
})

/** All options that take a secret. */
const GIVEN = ["--param", `token=${SECRET}`, "--auth-token", SECRET, "--header", `authorization: Bearer ${SECRET}`]

async function said(argv: string[], options?: Parameters<typeof runCli>[1]): Promise<[code: number, text: string]> {
  const run = runCli(argv, options)
  const code = await run.code
  return [code, run.stdout.text + run.stderr.text]
}

describe("the command says no secret that it is given", () => {
  const WAYS: string[][] = [[], ["--longpoll"], ["--serializer", "msgpack"]]
  it.each(WAYS.map((way) => [way]))("when all goes well, with %j", async (way) => {
    const argv = ["push", `${url}?token=${SECRET}&may=yes`, "room:1", "echo", "{}", ...GIVEN, ...way]
    const [code, text] = await said(
      argv.filter((word, at) => word !== `token=${SECRET}` && argv[at + 1] !== `token=${SECRET}`),
    )
    expect([code, text]).toEqual([0, '{"fine":true}\n'])
  })

  it.each(WAYS.map((way) => [way]))("when it is refused, hung up on, or nobody is there, with %j", async (way) => {
    for (const where of [
      url,
      broken,
      "ws://127.0.0.1:1/socket",
      "ws://nobody.invalid/socket",
      "ws://me:s3cr3t-t0ken@127.0.0.1:1/socket",
    ]) {
      for (const command of [
        ["push", where, "room:1", "echo", "{}"],
        ["tail", where, "room:1"],
      ]) {
        const [code, text] = await said([...command, ...GIVEN, ...way, "--timeout", "2000"])
        expect([where, code]).toEqual([where, 2])
        expect(text).toContain("cannot connect to ws://")
        expect(text).not.toContain(SECRET)
      }
    }
  })

  it.each([
    ["a param without a name", ["tail", "ws://h/s", "a", "--param", SECRET]],
    ["a param with an empty name", ["tail", "ws://h/s", "a", "--param", `=${SECRET}`]],
    ["a param that is there twice", ["tail", "ws://h/s", "a", "--param", `a=${SECRET}`, "--param", `a=${SECRET}`]],
    ["a header without a colon", ["tail", "ws://h/s", "a", "--header", `Authorization ${SECRET}`]],
    ["a header that is none", ["tail", "ws://h/s", "a", "--header", `authori zation: ${SECRET}`]],
    ["a header of two lines", ["tail", "ws://h/s", "a", "--header", `authorization: ${SECRET}\nx`]],
    ["a URL without a scheme", ["tail", `localhost:4000/socket?token=${SECRET}`, "a"]],
    ["a URL with a password and no scheme", ["tail", `me:${SECRET}@localhost/socket`, "a"]],
    ["a URL that is none", ["tail", `ws://no host/socket?token=${SECRET}`, "a"]],
    ["a URL that is none, with a password", ["tail", `ws://me:${SECRET}@no host/socket`, "a"]],
    ["params of the join that are no JSON", ["tail", "ws://h/s", "a", "--join", `{"token":${SECRET}}`]],
    ["params of the join that are no object", ["tail", "ws://h/s", "a", "--join", `"${SECRET}"`]],
    ["a payload that is not JSON", ["push", "ws://h/s", "a", "b", `${SECRET}`]],
    ["an option that there is not", ["tail", "ws://h/s", "a", `--authtoken=${SECRET}`]],
    ["a chat that is at no URL", ["chat", "--server", `chat.example/?token=${SECRET}`]],
    ["a chat that is at no URL, with a password", ["chat", "--server", `me:${SECRET}@chat.example`]],
    ["an inspector that is at no URL", ["inspect", `me:${SECRET}@localhost:9465/inspect?token=${SECRET}`]],
    ["an inspector with a password", ["inspect", `http://me:${SECRET}@127.0.0.1:1/inspect`]],
    ["an inspector that is not there", ["inspect", `http://127.0.0.1:1/?token=${SECRET}`, ...GIVEN.slice(4)]],
    ["a Redis that is at no URL", ["chat-server", "--redis", `me:${SECRET}@localhost:6379`]],
    ["a Redis with a password that is not there", ["chat-server", "--redis", `redis://me:${SECRET}@127.0.0.1:1`]],
  ])("when it does not understand %s", async (_what, argv) => {
    const [code, text] = await said(argv)
    expect([2, 64]).toContain(code)
    expect(text).toMatch(/^rookery: .{10}/)
    expect(text).not.toContain(SECRET)
  })

  it("when it chats, of the link that is typed and the session that comes of it", async () => {
    const link = "L".repeat(43)
    const session = "S".repeat(43)
    const user = { id: "user:ada@example.com", email: "ada@example.com", display_name: null }
    const answers: [status: number, body: unknown][] = [
      [401, { error: "used", code: 401 }],
      [500, "nonsense"],
      // The socket then rejects this session.
      [200, { session_token: session, user, expires_at: new Date(0).toISOString() }],
    ]
    for (const [status, body] of answers) {
      const server = createServer((request, response) => {
        request.resume()
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
      })
      server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n"))
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      servers.push(server)
      const where = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const state = mkdtempSync(join(tmpdir(), "rookery-state-"))
      const [code, text] = await said(["chat", "--server", where], {
        stdin: `/token ${link}\n/token ${where}/login?token=${link}\nhello\n/logout\n`,
        env: { HOME: state, XDG_STATE_HOME: state },
      })
      rmSync(state, { recursive: true, force: true })
      expect(code).toBe(1)
      expect(text).toMatch(/rookery: .{10}/)
      expect(text).not.toContain(link)
      expect(text).not.toContain(session)
    }
  })

  it("when the secret comes by the environment or on standard input", async () => {
    const env = { ROOKERY_AUTH_TOKEN: SECRET }
    for (const options of [{ env }, { stdin: `${SECRET}\n` }, { stdin: `${SECRET}\nof two lines` }]) {
      const from = "stdin" in options ? ["--auth-token", "-"] : []
      for (const way of WAYS) {
        const [code, text] = await said(["push", url, "room:1", "echo", "{}", ...from, ...way], options)
        expect(code).toBe(2)
        expect(text).not.toContain(SECRET)
      }
    }
  })
})
