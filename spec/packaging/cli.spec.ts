import { accessSync, constants, mkdirSync, readFileSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { freePort } from "../support/free-port.js"
import { startProgram, startReferenceProcess, type Program, type ProgramOptions } from "../support/process.js"
import { ROOT } from "./build.js"
import { installPacked, type Project } from "./installed.js"

const BIN = join(ROOT, "dist/cli.js")

const rookery = (args: string[], options?: ProgramOptions): Program =>
  startProgram(process.execPath, [BIN, ...args], options)

const WAYS = ["json", "msgpack", "v1"].flatMap((name) => [
  ["a websocket", name, ["--serializer", name]] as const,
  ["long-poll", name, ["--serializer", name, "--longpoll"]] as const,
])

it.each(WAYS)("tails and pushes over %s in %s", async (_transport, _serializer, options) => {
  const { port } = await startReferenceProcess()
  const url = `http://localhost:${port}/socket`
  const tail = rookery(["tail", url, "room:a", "presence:a", "--json", ...options])
  await tail.stderr.line(/joined room:a/)
  await tail.stderr.line(/joined presence:a/)

  const push = async (...args: string[]): Promise<[number | string, string]> => {
    const program = rookery(["push", url, ...args, ...options])
    return [await program.ended, program.stdout.text]
  }
  expect(await push("room:a", "shout", '{"text":"hi"}')).toEqual([0, "{}\n"])
  expect(await push("room:a", "echo", '{"text":"hi"}')).toEqual([0, '{"text":"hi"}\n'])
  expect(await push("room:a", "fail", "{}")).toEqual([1, '{"reason":"nope"}\n'])
  expect(await push("room:a", "noreply", "{}", "--timeout", "200")).toEqual([2, ""])
  expect(await push("room:denied", "echo", "{}")).toEqual([2, ""])
  expect(await push("presence:a", "list", "{}", "--param", "user=bob")).toEqual([0, expect.stringContaining('"bob"')])

  const shout = JSON.parse(await tail.stdout.line(/shout/)) as object
  expect(shout).toEqual({ time: expect.any(String), topic: "room:a", event: "shout", payload: { text: "hi" } })
  await tail.stdout.line(/presence_join.*"bob"/)
  await tail.stdout.line(/presence_leave.*"bob"/)
  tail.child.kill("SIGINT")
  expect(await tail.ended).toBe(130)
})

describe("the built command", () => {
  it("may be run", () => {
    accessSync(BIN, constants.X_OK)
    expect(readFileSync(BIN, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it("exits with 64 on wrong usage and prints one line of text that says why", async () => {
    const program = rookery(["tial"])
    expect([await program.ended, program.stdout.text, program.stderr.lines]).toEqual([
      64,
      "",
      ['rookery: there is no command "tial"; did you mean tail?'],
    ])
  })

  it("exits with 2 if no server listens", async () => {
    const program = rookery(["tail", "ws://127.0.0.1:1/socket", "room:a"])
    expect([await program.ended, program.stderr.lines]).toEqual([
      2,
      ["rookery: cannot connect to ws://127.0.0.1:1/socket: connect ECONNREFUSED 127.0.0.1:1"],
    ])
  })

  it.each<[string, string[], ProgramOptions]>([
    ["standard input", ["--auth-token", "-"], { stdin: "secret\n" }],
    ["the environment", [], { env: { ROOKERY_AUTH_TOKEN: "secret" } }],
  ])("takes its token from %s", async (_from, args, options) => {
    const { port } = await startReferenceProcess()
    const program = rookery(["push", `ws://localhost:${port}/socket`, "room:a", "whoami", "{}", ...args], options)
    expect([await program.ended, program.stdout.text]).toEqual([0, '{"user":"anon","auth_token":"secret"}\n'])
  })

  it("ends quietly when head has seen enough", async () => {
    const app = await startReferenceProcess()
    const url = `ws://localhost:${app.port}/socket`
    const command = `{ '${process.execPath}' '${BIN}' tail ${url} room:a --json; echo "exit $?" >&2; } | head -1`
    const pipe = startProgram("sh", ["-c", command])
    await pipe.stderr.line(/joined/)
    const push = (n: number): Promise<number | string> => rookery(["push", url, "room:a", "shout", `{"n":${n}}`]).ended
    expect(await push(1)).toBe(0)
    await pipe.stdout.line(/"n":1/)
    // The command notices the closed pipe at its next write after the end of head.
    const over = pipe.ended.then(() => "over")
    for (let n = 2; (await Promise.race([over, push(n)])) !== "over"; n++);
    expect(await pipe.ended).toBe(0)
    expect(pipe.stdout.lines).toHaveLength(1)
    expect(pipe.stderr.lines.slice(2)).toEqual(["exit 0"])
  })

  it("comes back by itself after the server was killed", async () => {
    const app = await startReferenceProcess(await freePort())
    const url = `ws://localhost:${app.port}/socket`
    const tail = rookery(["tail", url, "room:a", "--json"])
    await tail.stderr.line(/joined/)
    app.child.kill("SIGKILL")
    await tail.stderr.line(/the connection was lost/)
    await tail.stderr.line(/still no connection: .*ECONNREFUSED/)
    await startReferenceProcess(app.port)
    await tail.stderr.line(/connected again/)
    await tail.stderr.nth(/joined room:a/, 2)
    expect(await rookery(["push", url, "room:a", "shout", '{"text":"back"}']).ended).toBe(0)
    await tail.stdout.line(/back/)
    tail.child.kill("SIGTERM")
    expect(await tail.ended).toBe(143)
  })
})

describe("the command of the packed package", () => {
  let project: Project
  beforeAll(async () => {
    project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "ws"])
  })
  afterAll(() => project.remove())

  it("works by its name, with nothing installed but what it depends on", async () => {
    const text = readFileSync(join(project.folder, "node_modules/rookery/package.json"), "utf8")
    const { version, bin } = JSON.parse(text) as { version: string; bin: Record<string, string> }
    // npm makes this link at an installation.
    const name = join(project.folder, "node_modules/.bin/rookery")
    mkdirSync(dirname(name))
    symlinkSync(join("../rookery", bin["rookery"] ?? ""), name)
    const asked = startProgram(name, ["--version"], { cwd: project.folder })
    expect([await asked.ended, asked.stdout.text]).toEqual([0, `${version}\n`])

    const { port } = await startReferenceProcess()
    const args = ["push", `ws://localhost:${port}/socket`, "room:a", "echo", "{}", "--serializer", "msgpack"]
    const push = startProgram(name, args, { cwd: project.folder })
    expect([await push.ended, push.stdout.text]).toEqual([0, "{}\n"])
  })

  it("says how to install what keeps the chat's data", async () => {
    const bin = join(project.folder, "node_modules/rookery/dist/cli.js")
    const server = startProgram(bin, ["chat-server", "--port", "0", "--data", "data"], { cwd: project.folder })
    expect([await server.ended, server.stderr.lines]).toEqual([64, [expect.stringContaining("npm install lmdb")]])
  })
})
