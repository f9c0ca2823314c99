import { readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { beforeAll, describe, expect, it } from "vitest"

const FOLDER = fileURLToPath(new URL(".", import.meta.url))
const ROOT = join(FOLDER, "../..")

const PRELUDE = `
import { Channel, Presence, Socket, type Push } from "rookery"
import { createHooks, type ChannelView } from "rookery/react"
import type { Topics } from "./topics.js"
declare const socket: Socket<Topics>
declare const room: Channel<Topics["room:*"]>
declare const news: Channel<Topics["news"]>
declare const push: Push<{ id: string }, { reason: string }>
const { useChannel, useEvent, usePush } = createHooks<Topics>()
declare const view: ChannelView<Topics["room:*"]>
`

/** Wrong code, the part of it that the compiler points at, and parts of the message in any order. */
type Case = [code: string, at: string, ...says: string[]]

const TOPICS = [`"news"`, "`room:${string}`", "`room:private:${string}`", "`feed:${string}`"]
const SENT = [`"new_msg"`, `"stop"`, `"filter"`, `"upload"`]
const RECEIVED = [`"new_msg"`, `"typing"`, `"presence_state"`, `"presence_diff"`, `"phx_reply"`, `"phx_error"`]

const CASES: Case[] = [
  [`socket.channel("rom:1", { name: "a" })`, `"rom:1"`, ...TOPICS],
  [`socket.join("rom:1", { name: "a" })`, `"rom:1"`, ...TOPICS],
  [`socket.channel("room:1")`, `channel`, `Expected 2-3 arguments, but got 1`],
  [`socket.subscribe("room:1", {})`, `subscribe`, `Expected 3-4 arguments, but got 2`],
  [`socket.channel("room:1", { nam: "a" })`, `nam`, `Did you mean to write 'name'?`],
  [`socket.channel("room:1", { name: 1 })`, `name`, `Type 'number' is not assignable to type 'string'`],
  [`socket.channel("room:1", () => ({ name: 1 }))`, `() => ({ name: 1 })`, `type 'Provider<{ name: string; }>'`],
  [`socket.channel("news", { since: 1 })`, `since`, `Type 'number' is not assignable to type 'never'`],

  [`room.on("nwe_msg", () => {})`, `"nwe_msg"`, ...RECEIVED],
  [`room.listen("nwe_msg", () => {})`, `"nwe_msg"`, ...RECEIVED],
  [`room.messages("nwe_msg")`, `"nwe_msg"`, ...RECEIVED],
  [`room.off("nwe_msg")`, `"nwe_msg"`, ...RECEIVED],
  [`room.on("new_msg", ({ body }) => body)`, `body`, `'body' does not exist on type '{ from: string; text: string; }'`],
  [
    `room.on("new_msg", (message: { body: string }) => message)`,
    `(message: { body: string }) => message`,
    `not assignable to parameter of type 'Handler<{ from: string; text: string; }>'`,
  ],
  [`socket.subscribe("room:1", { nwe_msg() {} }, { name: "a" })`, `nwe_msg`, `Did you mean to write 'new_msg'?`],
  [`socket.subscribe("news", { new_msg() {} })`, `new_msg`, `headline?: Handler<`],

  [`room.push("nwe_msg", {})`, `"nwe_msg"`, ...SENT],
  [`room.push("new_msg", { txt: "hi" })`, `txt`, `Did you mean to write 'text'?`],
  [`room.push("new_msg", { text: 1 })`, `text`, `Type 'number' is not assignable to type 'string'`],
  [`room.push("new_msg", "hi")`, `"hi"`, `'string' is not assignable to parameter of type '{ text: string; }'`],
  [`room.push("new_msg")`, `push`, `Expected 2-3 arguments, but got 1`],
  [`room.push("stop", { now: true })`, `now`, `Type 'true' is not assignable to type 'never'`],
  [`news.push("headline", {})`, `"headline"`, `not assignable to parameter of type 'never'`],

  [`push.receive("ok", ({ name }) => name)`, `name`, `Property 'name' does not exist on type '{ id: string; }'`],
  [
    `push.receive("ok", (response: { name: string }) => response)`,
    `(response: { name: string }) => response`,
    `not assignable to parameter of type '(response: { id: string; }) => void'`,
  ],

  [
    `new Presence(room).list((_key, { metas: [first] }) => first?.nickname)`,
    `nickname`,
    `Property 'nickname' does not exist on type '{ name: string; away: boolean; } & PresenceRefs'`,
  ],
  [
    `new Socket<{ "room:*": { recieves: { new_msg: string } } }>("/socket")`,
    `{ "room:*": { recieves: { new_msg: string } } }`,
    `Types of property 'recieves' are incompatible`,
  ],
  [
    `new Socket<{ "room:*": { sends: { new_msg: { text: string } } } }>("/socket")`,
    `{ "room:*": { sends: { new_msg: { text: string } } } }`,
    `Types of property 'text' are incompatible`,
  ],

  [`useChannel("rom:1", { name: "a" })`, `"rom:1"`, ...TOPICS],
  [`useChannel("room:1")`, `useChannel`, `Expected 2-3 arguments, but got 1`],
  [`useChannel("room:1", { nam: "a" })`, `nam`, `Did you mean to write 'name'?`],
  [`useEvent(view, "nwe_msg", () => {})`, `"nwe_msg"`, ...RECEIVED],
  [`useEvent("rom:1", "new_msg", () => {})`, `"rom:1"`, ...TOPICS],
  [`useEvent("room:1", "new_msg", () => {})`, `useEvent`, `Expected 4 arguments, but got 3`],
  [`useEvent(view, "new_msg", ({ body }) => body)`, `body`, `not exist on type '{ from: string; text: string; }'`],
  [`usePush(view)("nwe_msg", {})`, `"nwe_msg"`, ...SENT],
  [`usePush(view)("new_msg", { txt: "hi" })`, `txt`, `Did you mean to write 'text'?`],

  [`new Channel()`, `new Channel()`, `Expected 3-4 arguments, but got 0`],
]

function readConfig(): ts.ParsedCommandLine {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile) as { config: unknown }
  return ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
}

/** The compiler's diagnostics for a file that exists in memory only. */
function diagnose(code: string): readonly ts.Diagnostic[] {
  const path = join(FOLDER, "wrong.ts")
  const { options } = readConfig()
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => name === path || fileExists(name)
  host.getSourceFile = (name, version) =>
    name === path ? ts.createSourceFile(name, code, version) : getSourceFile(name, version)
  const program = ts.createProgram([path], options, host)
  return program.getSemanticDiagnostics(program.getSourceFile(path))
}

describe("what the compiler says of a mistake", () => {
  const code = PRELUDE + CASES.map(([code]) => `${code}\n`).join("")
  let said: readonly ts.Diagnostic[] = []
  beforeAll(() => {
    said = diagnose(code)
  })

  it.each(CASES)("points at it and names what would be right: %s", (mistake, at, ...says) => {
    const start = code.indexOf(`\n${mistake}\n`) + 1
    const of = said.filter((one) => one.start !== undefined && one.start >= start && one.start < start + mistake.length)
    const [only] = of
    expect(of).toHaveLength(1)
    expect(code.slice(only?.start, (only?.start ?? 0) + (only?.length ?? 0))).toBe(at)
    const message = ts.flattenDiagnosticMessageText(only?.messageText, "\n")
    for (const words of says) expect(message).toContain(words)
  })

  it("is about nothing else", () => {
    expect(said).toHaveLength(CASES.length)
  })
})

describe("the type specs", () => {
  it("are all among what `npm run typecheck` looks at", () => {
    const specs = readdirSync(FOLDER).filter((name) => name.endsWith(".spec-d.ts"))
    const checked = readConfig().fileNames.map((name) => name.replace(/^.*\/spec\/types\//, ""))
    expect(specs.length).toBeGreaterThan(5)
    expect(specs.filter((name) => !checked.includes(name))).toEqual([])
  })
})
