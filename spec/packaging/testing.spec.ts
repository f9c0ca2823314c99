import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { transformSync } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ROOT } from "./build.js"
import { examplesOf } from "./examples.js"
import { installPacked, type Project } from "./installed.js"

const GUIDE = examplesOf(readFileSync(join(ROOT, "docs/TESTING.md"), "utf8"))

/** Runs files under node:test, which have to let the process end by themselves, and returns the results. */
function nodeTest(project: Project, files: string[]): { passed: number; failed: number; output: string } {
  // A runner within another one prints less.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const args = ["--no-warnings", "--test", "--test-reporter=tap", ...files]
  const { stdout, error } = spawnSync(process.execPath, args, {
    cwd: project.folder,
    env,
    encoding: "utf8",
    timeout: 240_000,
  })
  if (error !== undefined) throw error
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1])
  return { passed: count("pass"), failed: count("fail"), output: stdout }
}

describe("the guide to testing", () => {
  // Another spec compiles them, with the examples of the other documents.
  it("has a chat, and tests of it, of time and of a client", () => {
    expect(GUIDE.map(({ name }) => name)).toEqual(["chat.ts", "chat.test.ts", "clock.test.ts", "client.test.ts"])
  })
})

describe("the packed package under node:test", () => {
  let project: Project
  beforeAll(async () => {
    project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "ws"])
    project.write("package.json", '{ "type": "module" }')
  })
  afterAll(() => project.remove())

  it("passes the examples of the guide", () => {
    const files = GUIDE.map(({ name, code }) => {
      const { code: script } = transformSync(code, { loader: "ts", target: "es2022" })
      return project.write(name.replace(/ts$/, "js"), script)
    })
    const { output, ...counts } = nodeTest(
      project,
      files.filter((file) => file.endsWith(".test.js")),
    )
    expect(counts, output).toEqual({ passed: 6, failed: 0 })
  })

  it.each([
    ["an ES module", "mjs", 'import test from "node:test"', "import", "from"],
    ["CommonJS", "cjs", 'const test = require("node:test")', "const", "= require"],
  ])("says of a failure what came instead, and where: %s", (_name, kind, runner, take, from) => {
    const load = (names: string, what: string): string =>
      `${take} ${names} ${from}${from === "from" ? ` "${what}"` : `("${what}")`}\n`
    const text = `${runner}\n${load("{ Endpoint }", "rookery/server")}${load("{ ChannelTest }", "rookery/testing")}
const endpoint = new Endpoint({ logger: false })
endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
test("shouts", async (t) => {
  const channels = new ChannelTest(endpoint, { timeout: 5 })
  t.after(() => channels.close())
  const room = await (await channels.connect()).join("room:1")
  room.push("shout", { text: "ho" })
  await room.expectPush("shout", { text: "hi" })
})
`
    const file = project.write(`failing.test.${kind}`, text)
    const line = text.split("\n").findIndex((line) => line.includes("expectPush")) + 1
    const { output, ...counts } = nodeTest(project, [file])
    expect(counts, output).toEqual({ passed: 0, failed: 1 })
    expect(output).toContain('expectPush on room:1: shout {"text":"hi"}: nothing that fits came within 5 ms.')
    expect(output).toContain('text: expected "hi", got "ho"')
    expect(output).toMatch(new RegExp(`failing\\.test\\.${kind}:${line}:`))
  })
})
