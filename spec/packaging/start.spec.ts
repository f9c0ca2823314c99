import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { Program } from "../support/program.js"
import { ROOT } from "./build.js"

const folder = mkdtempSync(join(tmpdir(), "rookery-start-"))
const running: Program[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts the program of `npm start`, on a free port. */
function start(): Program {
  const program = new Program(process.execPath, ["--import", "tsx", "build/start.ts", "--port", "0", "--data", folder])
  running.push(program)
  return program
}

const IS_THERE = /^The demo is at (\S+), and the chat at (\S+)$/

/** The built files, with their times of writing. */
const builtFiles = (): string[] => {
  const builds = join(ROOT, ".build/start")
  return readdirSync(builds, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("unfinished-"))
    .map((name) => `${name} ${statSync(join(builds, name)).mtimeMs}`)
    .sort()
}

describe("npm start", () => {
  it("says at once what it does, and serves the demo and the chat", async () => {
    const program = start()
    await program.printed(/^(?:Building the demo and the chat…|Nothing has changed since the last build\.)$/)
    const [, demo = "", chat = ""] = await program.printed(IS_THERE)
    expect(await (await fetch(demo)).text()).toContain("Cut a cable")
    expect(await (await fetch(chat)).text()).toContain("login-form")
  })

  it("builds nothing the second time", async () => {
    const first = start()
    await first.printed(IS_THERE)
    await first.kill()
    const before = builtFiles()
    expect(before.length).toBeGreaterThan(5)
    const second = start()
    await second.printed(/^Nothing has changed since the last build\.$/)
    await second.printed(IS_THERE)
    expect(builtFiles()).toEqual(before)
  })

  it("ends by a signal, with clients connected", async () => {
    const program = start()
    const [, demo = ""] = await program.printed(IS_THERE)
    const socket = new WebSocket(`${demo.replace("http", "ws")}/demo/socket/websocket?vsn=2.0.0&name=Ada`)
    await once(socket, "open")
    expect(await program.kill("SIGTERM")).toBe(0)
  })
})
