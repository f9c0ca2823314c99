import { readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, describe, expect, it } from "vitest"
import { freePort } from "../support/free-port.js"
import { shell, type Program } from "../support/program.js"
import { ROOT } from "./build.js"

const section =
  readFileSync(join(ROOT, "docs/EXAMPLES.md"), "utf8")
    .split(/^## /m)
    .find((part) => part.startsWith("Programs")) ?? ""

/** The commands of each row, unchanged. */
const ROWS = [...section.matchAll(/^\| (?!what|-)([^|]+?) *\| (.*) \|$/gm)].map(
  ([, what = "", cell = ""]): [what: string, commands: string[]] => [
    what,
    [...cell.matchAll(/`([^`]+)`/g)].map(([, command = ""]) => command),
  ],
)

interface Step {
  /** The output of a command that does what the row promises. */
  says: RegExp
  /** The text that is typed into it first. */
  types?: string
  /** Whether it ends by itself with exit code 0. */
  ends?: true
}

/** The expected results of each row's commands, in order. The commands of a row run at the same time. */
const STEPS: Step[][] = [
  [{ says: /The endpoint goes on at ws:/ }],
  [{ says: /^Downloads at ws:\/\/localhost:\d+\/ws/ }, { says: /^#1 \d+\.\d % / }],
  [{ says: /^RPC chat listens at ws:\/\/127\.0\.0\.1:\d+\/rpc\/ws$/ }, { types: "Alice", says: /^Welcome, Alice!$/ }],
  [{ says: /^LiveView at http:\/\/127\.0\.0\.1:\d+\/$/ }],
  [{ says: /^React chat at http:\/\/127\.0\.0\.1:\d+\/$/ }],
  [{ says: /^The chat is at http:\/\/localhost:\d+,/ }, { types: "/help", says: /\/login/ }],
  [
    { says: /^reference app listening on .*:\d+$/ },
    { says: /joined|live|room:lobby/i },
    { says: /^\{\}$/, ends: true },
  ],
]

const running: Program[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

/** The ports that the commands name, or that their programs use by default. */
const NAMED_PORTS = [8080, 8000, 4400, 4000]
const MOVE_PORTS = pathToFileURL(join(ROOT, "spec/support/moved-ports.mjs")).href

/** Variables that move the ports of a program to free ones, because the named ones may be taken on this machine. */
async function movedPorts(): Promise<Record<string, string>> {
  const pairs = await Promise.all(NAMED_PORTS.map(async (port) => `${port}:${await freePort()}`))
  return { MOVED_PORTS: pairs.join(), NODE_OPTIONS: `--import ${MOVE_PORTS}` }
}

describe("each row of the table of programs", () => {
  it("has commands that are tried here", () => {
    expect(ROWS.map(([, commands]) => commands.length)).toEqual(STEPS.map((steps) => steps.length))
  })

  it.each(ROWS.map(([what, commands], i): [string, string[], Step[]] => [what, commands, STEPS[i] ?? []]))(
    "can be pasted as it stands: %s",
    async (_what, commands, steps) => {
      const env = await movedPorts()
      for (const [i, command] of commands.entries()) {
        const { says, types, ends } = steps[i] as Step
        const program = shell(command, env)
        running.push(program)
        if (types !== undefined) program.type(types)
        const found = await program.printed(says)
        expect(found[0]).toMatch(says)
        if (ends) expect(await program.ended()).toBe(0)
      }
    },
  )
})
