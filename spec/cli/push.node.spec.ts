import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../support/cli.js"
import { startReferenceApp, type ReferenceApp } from "../support/reference-app.js"

let app: ReferenceApp
let url: string
beforeAll(async () => {
  app = await startReferenceApp()
  url = `ws://localhost:${app.port}/socket`
})
afterAll(() => app.close())

type Outcome = [code: number, stdout: string, stderr: string]

async function push(args: string[], options?: Parameters<typeof runCli>[1]): Promise<Outcome> {
  const run = runCli(["push", ...args], options)
  const code = await run.code
  return [code, run.stdout.text, run.stderr.text]
}

const NAMES = ["json", "msgpack", "v1"]
const WAYS = NAMES.flatMap((name) => [
  ["websocket", name, ["--serializer", name]] as const,
  ["long-poll", name, ["--serializer", name, "--longpoll"]] as const,
])

describe.each(WAYS)("over %s in %s, a push", (_transport, _serializer, options) => {
  it("prints the response of an ok reply and exits with 0", async () => {
    const payload = { text: "hi", list: [1, null, { a: "ü" }] }
    const [code, stdout] = await push([url, "room:a", "echo", JSON.stringify(payload), ...options])
    expect([code, JSON.parse(stdout)]).toEqual([0, payload])
    expect(stdout.split("\n")).toHaveLength(2)
  })

  it("prints the response of an error reply and exits with 1", async () => {
    const [code, stdout, stderr] = await push([url, "room:a", "fail", "{}", ...options])
    expect([code, stdout]).toEqual([1, '{"reason":"nope"}\n'])
    expect(stderr).toContain('rookery: room:a answered fail with "error"\n')
  })

  it("exits with 2 when the join is refused", async () => {
    const [code, stdout, stderr] = await push([url, "room:denied", "echo", "{}", ...options])
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toContain('rookery: room:denied was not joined: the server said {"reason":"unauthorized"}\n')
  })

  it("exits with 2 when there is no reply in time", async () => {
    const [code, stdout, stderr] = await push([url, "room:a", "noreply", "{}", "--timeout", "3000", ...options])
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(/^rookery: noreply was not answered: .*no answer within 3000 ms$/m)
  })

  it("exits with 2 when the connection is refused", async () => {
    const [code, stdout, stderr] = await push([url, "room:a", "echo", "{}", "--param", "token=bad", ...options])
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(/^rookery: cannot connect to ws:\/\/localhost:\d+\/socket: .*403/m)
  })

  it("takes params of the connection and of the join along, and an auth token", async () => {
    const given = ["--param", "user=ada", "--auth-token", "ünï/cöde+", ...options]
    const [, stdout] = await push([url, "room:a", "whoami", "{}", ...given])
    expect(JSON.parse(stdout)).toEqual({ user: "ada", auth_token: "ünï/cöde+" })
    const join = ["--join", '{"deny":true}', ...options]
    expect(await push([url, "room:gate", "echo", "{}", ...join])).toEqual([2, "", expect.stringContaining("gate")])
  })
})

describe("a push", () => {
  it("exits with 1 for a status of the server's own, and says it", async () => {
    const [code, stdout, stderr] = await push([url, "room:a", "custom_status", "{}"])
    expect([code, stdout, stderr]).toEqual([1, '{"retry":1}\n', expect.stringContaining('with "busy"')])
  })

  it("exits with 2 when the channel crashes", async () => {
    const [code, , stderr] = await push([url, "room:a", "crash", "{}"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("crash was not answered")])
  })

  it("exits with 2 when the connection is lost", async () => {
    const [code, , stderr] = await push([url, "room:a", "disconnect_me", "{}", "--param", "user=leaver"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("the connection was lost")])
  })

  it("exits with 2 if no server listens", async () => {
    const [code, , stderr] = await push(["ws://127.0.0.1:1/socket", "room:a", "echo", "{}"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("ECONNREFUSED")])
  })

  it("exits with 2 if the server has no socket at the path", async () => {
    const [code, , stderr] = await push([url.replace("/socket", "/elsewhere"), "room:a", "echo", "{}"])
    expect([code, stderr]).toEqual([2, expect.stringContaining("HTTP 404")])
  })

  it("reads the payload from standard input", async () => {
    const [code, stdout] = await push([url, "room:a", "echo", "-"], { stdin: ' {"from": "a pipe"}\n' })
    expect([code, stdout]).toEqual([0, '{"from":"a pipe"}\n'])
  })

  it.each<[string, string[], Parameters<typeof runCli>[1]]>([
    ["standard input", ["--auth-token", "-"], { stdin: "secret\n", env: { ROOKERY_AUTH_TOKEN: "other" } }],
    ["the environment", [], { env: { ROOKERY_AUTH_TOKEN: "secret" } }],
    ["the option rather than the environment", ["--auth-token=secret"], { env: { ROOKERY_AUTH_TOKEN: "other" } }],
  ])("takes the auth token from %s", async (_from, args, options) => {
    const [, stdout] = await push([url, "room:a", "whoami", "{}", ...args], options)
    expect(JSON.parse(stdout)).toMatchObject({ auth_token: "secret" })
  })

  it.each(["/websocket", "/longpoll", "/", "/websocket?vsn=1.0.0&user=ada#part"])(
    "finds the socket by a URL that ends in %s",
    async (ending) => {
      expect((await push([url + ending, "room:a", "echo", "{}"]))[0]).toBe(0)
    },
  )

  it.each(["ws", "http"])("takes a URL of %s, and the params in it", async (scheme) => {
    const [, stdout] = await push([`${url.replace("ws", scheme)}?user=bob`, "room:a", "whoami", "{}"])
    expect(JSON.parse(stdout)).toMatchObject({ user: "bob" })
  })

  it.each<[string, string[]]>([
    ["a websocket", []],
    ["long-poll", ["--longpoll"]],
  ])("sends headers along over %s", async (_transport, options) => {
    const strict = url.replace("/socket", "/strict")
    const bad = ["--header", "Origin: https://bad.example", ...options]
    const good = ["--header", "origin:https://good.example", "--header", "X-More: a", ...options]
    expect(await push([strict, "room:a", "echo", "{}", ...bad])).toEqual([2, "", expect.stringContaining("403")])
    expect((await push([strict, "room:a", "echo", "{}", ...good]))[0]).toBe(0)
  })

  it("shows neither the password nor the params of a URL", async () => {
    const [, , stderr] = await push(["ws://user:hunter2@127.0.0.1:1/socket?token=hunter2", "room:a", "echo", "{}"])
    expect(stderr).toContain("ws://127.0.0.1:1/socket")
    expect(stderr).not.toContain("hunter2")
  })

  it("says that JSON goes instead of what long-poll does not carry", async () => {
    const [code, , stderr] = await push([url, "room:a", "echo", "{}", "--longpoll", "--serializer", "msgpack"])
    expect([code, stderr]).toEqual([0, "rookery: long-poll does not carry msgpack: using JSON instead\n"])
  })

  it("lets nothing that the server says steer the terminal", async () => {
    const evil = "\u001b]0;owned\u0007\u009b2J\u202e"
    const [, stdout] = await push([url, "room:a", "echo", JSON.stringify({ [evil]: evil })])
    expect(stdout).toBe(`{${[1, 2].map(() => '"\\u001b]0;owned\\u0007\\u009b2J\\u202e"').join(":")}}\n`)
  })

  it("can be interrupted", async () => {
    const run = runCli(["push", url, "room:a", "noreply", "{}"])
    run.end("SIGINT")
    expect([await run.code, run.stderr.text]).toEqual([130, ""])
    const reading = runCli(["push", url, "room:a", "noreply", "-"])
    reading.end("SIGTERM")
    expect(await reading.code).toBe(143)
  })
})
