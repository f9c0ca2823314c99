import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { shell, type Program } from "../support/program.js"
import { ROOT } from "./build.js"

const section =
  readFileSync(join(ROOT, "README.md"), "utf8")
    .split(/^## /m)
    .find((part) => part.startsWith("What it does")) ?? ""

/** The commands of each row, as they stand. */
const ROWS = [...section.matchAll(/^\| (?!what|-)([^|]+?) *\| (.*) \|$/gm)].map(
  ([, what = "", cell = ""]): [what: string, commands: string[]] => [
    what,
    [...cell.matchAll(/`([^`]+)`/g)].map(([, command = ""]) => command),
  ],
)

interface Step {
  /** What a command says that it does what the row promises. */
  says: RegExp
  /** What is typed into it first. */
  types?: string
  /** Whether it ends by itself, and well. */
  ends?: true
}

/** What each row's commands do, in order: they run beside each other. */
const STEPS: Step[][] = [
  [{ says: /The endpoint goes on at ws:/ }],
  [{ says: /^Downloads at ws:\/\/localhost:8080\/ws/ }, { says: /^#1 \d+\.\d % / }],
  [{ says: /^RPC chat listens at ws:\/\/127\.0\.0\.1:8080\/rpc\/ws$/ }, { types: "Alice", says: /^Welcome, Alice!$/ }],
  [{ says: /^React chat at http:\/\/127\.0\.0\.1:8080\/$/ }],
  [{ says: /^The chat is at http:\/\/localhost:8000,/ }, { types: "/help", says: /\/login/ }],
  [
    { says: /^reference app listening on .*:4400$/ },
    { says: /joined|live|room:lobby/i },
    { says: /^\{\}$/, ends: true },
  ],
]

const running: Program[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()))
})

describe("each row of what the README says that Rookery does", () => {
  it("has commands that are tried here", () => {
    expect(ROWS.map(([, commands]) => commands.length)).toEqual(STEPS.map((steps) => steps.length))
  })

  it.each(ROWS.map(([what, commands], i): [string, string[], Step[]] => [what, commands, STEPS[i] ?? []]))(
    "can be pasted as it stands: %s",
    async (_what, commands, steps) => {
      for (const [i, command] of commands.entries()) {
        const { says, types, ends } = steps[i] as Step
        const program = shell(command)
        running.push(program)
        if (types !== undefined) program.type(types)
        const found = await program.printed(says)
        expect(found[0]).toMatch(says)
        if (ends) expect(await program.ended()).toBe(0)
      }
    },
  )
})
