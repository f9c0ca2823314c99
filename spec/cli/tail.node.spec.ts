import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { escapeControls } from "../../lib/cli/terminal-text.js"
import { runCli, type CliRun } from "../support/cli.js"
import { startReferenceApp, type ReferenceApp } from "../support/reference-app.js"

let app: ReferenceApp
let url: string
beforeAll(async () => {
  app = await startReferenceApp()
  url = `ws://localhost:${app.port}/socket`
})
afterAll(() => app.close())

/** Makes topics that no other test uses. */
let topics = 0
const newTopic = (kind = "room"): string => `${kind}:${++topics}`

function tail(args: string[], options?: Parameters<typeof runCli>[1]): CliRun {
  const run = runCli(["tail", ...args], options)
  onTestFinished(async () => {
    run.end("SIGINT")
    await run.code
  })
  return run
}

async function push(topic: string, event: string, payload: unknown, ...args: string[]): Promise<void> {
  expect(await runCli(["push", url, topic, event, JSON.stringify(payload), ...args]).code).toBe(0)
}

const objects = (run: CliRun): { [key: string]: unknown; payload: Record<string, unknown> }[] =>
  run.stdout.lines.map((line) => JSON.parse(line) as { payload: Record<string, unknown> })

const WAYS = ["json", "msgpack", "v1"].flatMap((name) => [
  ["websocket", name, ["--serializer", name]] as const,
  ["long-poll", name, ["--serializer", name, "--longpoll"]] as const,
])

describe.each(WAYS)("over %s in %s, a tail", (transport, serializer, options) => {
  it("prints the messages of every topic, a line each", async () => {
    const [one, two] = [newTopic(), newTopic()]
    const run = tail([url, one, two, ...options])
    await Promise.all([one, two].map((topic) => run.stderr.line(new RegExp(`joined ${topic}`))))
    await push(one, "shout", { text: "hi" })
    await push(two, "shout", { text: "there" })
    await run.stdout.line(/there/)
    const time = String.raw`\d\d:\d\d:\d\d\.\d\d\d`
    expect(run.stdout.text).toMatch(
      new RegExp(`^${time} ${one} shout {"text":"hi"}\n${time} ${two} shout {"text":"there"}\n$`),
    )
  })

  it("prints JSON for pipes", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--json", ...options])
    await run.stderr.line(/joined/)
    await push(topic, "shout", { text: "hi\nho" })
    const line = await run.stdout.line(/./)
    expect(JSON.parse(line)).toEqual({ time: expect.any(String), topic, event: "shout", payload: { text: "hi\nho" } })
    const { time } = JSON.parse(line) as { time: string }
    expect(new Date(time).toISOString()).toBe(time)
  })

  it("tells joins and leaves", async () => {
    const topic = newTopic("presence")
    const run = tail([url, topic, "--json", "--param", "user=eve", ...options])
    await run.stdout.line(/presence_join.*eve/)
    await push(topic, "update", { name: "Robert" }, "--param", "user=bob", "--join", '{"name":"Bob"}')
    await run.stdout.line(/presence_leave/)
    const told = objects(run).map(({ event, payload: { key, metas, online } }) => [
      event,
      key,
      (metas as { name: string }[]).map(({ name }) => name),
      online,
    ])
    expect(told).toEqual([
      ["presence_join", "eve", ["eve"], 1],
      ["presence_join", "bob", ["Bob"], 1],
      ["presence_update", "bob", ["Robert"], 1],
      ["presence_leave", "bob", ["Robert"], 0],
    ])
  })

  it("shows the raw wire, both ways", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--frames", ...options])
    await run.stdout.line(/<- .*phx_reply/)
    await push(topic, "shout", { text: "hi" })
    await run.stdout.line(/<- .*"hi"/)
    const [join = "", reply = "", shout = ""] = run.stdout.lines.map((line) => line.replace(/^\S+ /, ""))
    if (serializer === "v1") {
      expect(join).toMatch(`-> {"topic":"${topic}","event":"phx_join","payload":{},"ref":"`)
      expect(shout).toBe(`<- {"topic":"${topic}","event":"shout","payload":{"text":"hi"},"ref":null}`)
    } else if (serializer === "json" || transport === "long-poll") {
      expect(join).toMatch(/^-> \["\d+","\d+","room:\d+","phx_join",{}\]$/)
      expect(shout).toBe(`<- [null,null,"${topic}","shout",{"text":"hi"}]`)
    } else {
      expect(join).toMatch(/^-> \d\d bytes: 95 a1 [0-9a-f ]+ = \["\d+","\d+","room:\d+","phx_join",{}\]$/)
      expect(shout).toMatch(/^<- 2\d bytes: 95 c0 c0 [0-9a-f ]+ = \[null,null,"room:\d+","shout",{"text":"hi"}\]$/)
    }
    expect(reply).toContain('"phx_reply"')
  })

  it("goes on after its socket was sent away", async () => {
    const topic = newTopic()
    // A waiting poll is answered at the end of its window, which is shorter at `/fast`.
    const at = transport === "long-poll" ? url.replace("/socket", "/fast") : url
    const run = tail([at, topic, "--param", `user=${topic}`, ...options])
    await run.stderr.line(/joined/)
    app.endpoint.disconnect(`user:${topic}`)
    await run.stderr.line(/the connection was lost: .*; trying again in \d\.\d s/)
    await run.stderr.line(/connected again/)
    await run.stderr.nth(/joined/, 2)
    await push(topic, "shout", { text: "still here" })
    await run.stdout.line(/still here/)
  })

  it("exits with 2 when the connection is refused", async () => {
    const run = tail([url, newTopic(), "--param", "token=bad", ...options])
    expect(await run.code).toBe(2)
    const said = run.stderr.lines.filter((line) => line.includes("cannot connect"))
    expect(said).toEqual([expect.stringMatching(/^rookery: cannot connect to ws:\/\/localhost:\d+\/socket: .*403/)])
  })
})

describe("a tail", () => {
  it("exits with 2 when every join was refused", async () => {
    const run = tail([url, "room:denied", "nobody:knows"])
    expect([await run.code, run.stdout.text]).toEqual([2, ""])
    expect(run.stderr.text).toContain('room:denied refused the join: {"reason":"unauthorized"}')
    expect(run.stderr.text).toContain('nobody:knows refused the join: {"reason":"unmatched topic"}')
  })

  it("goes on with the topics that were not refused", async () => {
    const topic = newTopic()
    const run = tail([url, "room:denied", topic])
    await run.stderr.line(/room:denied refused/)
    await run.stderr.line(new RegExp(`joined ${topic}`))
    await push(topic, "shout", { text: "hi" })
    await run.stdout.line(/hi/)
  })

  it("exits with 2 when the server has closed the last topic", async () => {
    const topic = newTopic()
    const run = tail([url, topic])
    await run.stderr.line(/joined/)
    app.endpoint.broadcast(topic, "phx_close", {})
    expect([await run.code, run.stderr.text]).toEqual([2, expect.stringContaining(`${topic} was closed by the server`)])
  })

  it("says that a topic crashed, and joins it again", async () => {
    const topic = newTopic()
    const run = tail([url, topic])
    await run.stderr.line(/joined/)
    app.endpoint.broadcast(topic, "phx_error", {})
    await run.stderr.line(new RegExp(`${topic} crashed; rejoining`))
    await run.stderr.nth(/joined room/, 2)
    expect(run.stdout.text).toBe("")
  })

  it("joins a topic once, however often it is named", async () => {
    const topic = newTopic()
    const run = tail([url, topic, topic])
    await run.stderr.line(/joined/)
    await push(topic, "shout", { text: "hi" })
    await run.stdout.line(/hi/)
    expect(run.stderr.text.match(/joined/g)).toHaveLength(1)
  })

  it("exits with 2 if no server listens", async () => {
    const run = tail(["ws://127.0.0.1:1/socket", "room:a"])
    expect([await run.code, run.stderr.text]).toEqual([
      2,
      "rookery: cannot connect to ws://127.0.0.1:1/socket: connect ECONNREFUSED 127.0.0.1:1\n",
    ])
  })

  it("exits with 2 if the server does not answer the connection in time", async () => {
    const silent = createServer()
    silent.on("upgrade", () => {})
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => silent.closeAllConnections())
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as AddressInfo
    const run = tail([`ws://127.0.0.1:${port}/socket`, "room:a", "--timeout", "100"])
    expect([await run.code, run.stderr.text]).toEqual([2, expect.stringContaining("not connected within 100 ms")])
  })

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["EPIPE", 0],
  ])("ends at once and quietly with %s", async (reason, code) => {
    const run = tail([url, newTopic()])
    await run.stderr.line(/joined/)
    const said = run.stderr.text
    run.end(reason)
    expect([await run.code, run.stderr.text]).toEqual([code, said])
  })

  it("shows bytes in base64", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--json"])
    await run.stderr.line(/joined/)
    await push(topic, "bin_shout", {})
    await run.stdout.line(/./)
    expect(objects(run)[0]?.payload).toEqual({ $bytes: "AAEC/w==" })
  })

  it("shows binary frames of JSON's as hex and by what they mean", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--frames"])
    await run.stdout.line(/<- .*phx_reply/)
    await push(topic, "bin_shout", {})
    const line = await run.stdout.line(/bytes/)
    expect(line).toMatch(
      /<- \d+ bytes: 02 [0-9a-f ]+ 00 01 02 ff = \[null,null,"room:\d+","bin",{"\$bytes":"AAEC\/w=="}\]$/,
    )
  })

  it("shows frames as JSON, whole", async () => {
    const topic = newTopic()
    const run = tail([url, topic, "--frames", "--json", "--serializer", "msgpack"])
    await run.stdout.line(/phx_reply/)
    const [join, reply] = objects(run)
    expect(join).toMatchObject({
      direction: "out",
      message: [expect.any(String), expect.any(String), topic, "phx_join", {}],
    })
    expect(reply).toMatchObject({ direction: "in" })
    expect(Buffer.from(String(join?.["bytes"]), "base64").toString("latin1")).toContain("phx_join")
  })

  it("lets nothing from the network steer the terminal", async () => {
    const evil = "\u001b]0;owned\u0007\u009b2J\u202e\n"
    const topic = `room:${evil}`
    const run = tail([url, topic], { isTTY: true, env: { NO_COLOR: "1" } })
    await run.stderr.line(/joined/)
    app.endpoint.broadcast(topic, evil, { [evil]: evil })
    await run.stdout.line(/./)
    app.endpoint.broadcast(topic, "phx_close", {})
    expect(await run.code).toBe(2)
    for (const { lines } of [run.stdout, run.stderr]) expect(lines.map(escapeControls)).toEqual(lines)
    expect(run.stdout.lines).toHaveLength(1)
  })

  it("has colours on a terminal", async () => {
    const topic = newTopic()
    const run = tail([url, topic], { isTTY: true })
    await run.stderr.line(/joined/)
    await push(topic, "shout", {})
    expect(await run.stdout.line(/shout/)).toContain(`\u001b[36m${topic}\u001b[39m`)
  })
})
