import { readdirSync, readFileSync } from "node:fs"
import { SourceMap } from "node:module"
import { join } from "node:path"
import ts from "typescript"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Editor } from "../support/editor.js"
import { ROOT } from "./build.js"
import { installPacked, type Project } from "./installed.js"
import { runNode } from "./run-node.js"

const DIST = join(ROOT, "dist")
const DECLARATIONS = readdirSync(DIST).filter((name) => /\.d\.c?ts$/.test(name))

let project: Project
beforeAll(async () => {
  project = await installPacked(["mitt", "msgpackr", "msgpackr-extract", "ws", "react", "@types/react", "csstype"])
})
afterAll(() => project.remove())

const inProject = (path: string): string => join(project.folder, "node_modules/rookery", path)

const THROWS = {
  mjs: 'import { Socket } from "rookery"; import { msgpack } from "rookery/msgpack"; import { json } from "rookery/server"',
  cjs: 'const { Socket } = require("rookery"), { msgpack } = require("rookery/msgpack"), { json } = require("rookery/server")',
}
const STACKS = `
  const stackOf = (act) => { try { act() } catch (error) { return error.stack } }
  const socket = new Socket("ws://localhost/socket")
  socket.destroy()
  console.log(JSON.stringify([
    stackOf(() => msgpack().client.decode("not bytes")),
    stackOf(() => socket.channel("room:1").push("early", {})),
    stackOf(() => json().client.decode("[]")),
  ]))`

describe("a stack trace in the packed package, with --enable-source-maps", () => {
  it.each(["mjs", "cjs"] as const)("names lines of the sources that are in it, from a .%s file", async (kind) => {
    const file = project.write(`stack.${kind}`, THROWS[kind] + STACKS)
    const stacks = (await runNode(["--enable-source-maps", file])) as string[]
    for (const [i, stack] of stacks.entries()) {
      const [, path = "", line = ""] = /rookery\/(lib\/[a-z0-9/-]+\.ts):(\d+):\d+/.exec(stack) ?? []
      expect(path, stack).not.toBe("")
      expect(readFileSync(inProject(path), "utf8").split("\n")[Number(line) - 1]).toMatch(/Error|failure/)
      expect(stack.replaceAll(file, ""), `stack ${i}`).not.toMatch(/rookery\/dist\//)
    }
  })
})

/** The word at a place of a text. */
function wordAt(text: string, line: number, character: number): string {
  const rest = text.split("\n")[line]?.slice(character) ?? ""
  return /^(?:"[^"]*"|[\w$]+|\[[^\]]*\])/.exec(rest)?.[0] ?? rest
}

describe("the declaration maps", () => {
  it.each(DECLARATIONS)("lead every export, and every member of one, to where it is declared: %s", (name) => {
    const text = readFileSync(join(DIST, name), "utf8")
    expect(text.trimEnd().split("\n").at(-1)).toBe(`//# sourceMappingURL=${name}.map`)
    const map = new SourceMap(JSON.parse(readFileSync(join(DIST, `${name}.map`), "utf8")) as never)
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
    const led: string[] = []
    const visit = (node: ts.Node): void => {
      const { name: identifier } = node as { name?: ts.Node }
      const isDeclared = ts.isDeclarationStatement(node) || ts.isClassElement(node) || ts.isTypeElement(node)
      if (isDeclared && identifier && !ts.isPrivateIdentifier(identifier)) {
        const { line, character } = source.getLineAndCharacterOfPosition(identifier.getStart())
        const entry = map.findEntry(line, character)
        const word = identifier.getText().replace(/\$\d+$/, "")
        if (!("originalSource" in entry)) throw new Error(`${word} at line ${line + 1} is not in the map`)
        expect([entry.generatedLine, entry.generatedColumn], word).toEqual([line, character])
        const original = readFileSync(join(DIST, entry.originalSource), "utf8")
        expect(wordAt(original, entry.originalLine, entry.originalColumn)).toBe(word)
        led.push(word)
      }
      ts.forEachChild(node, visit)
    }
    ts.forEachChild(source, visit)
    expect(led.length).toBeGreaterThan(0)
  })
})

const USER = `
import { Socket } from "rookery"
import { msgpack } from "rookery/msgpack"
import { useChannel } from "rookery/react"
import { Endpoint } from "rookery/server"
const socket = new Socket("/socket", { serializer: msgpack() })
const room = socket.channel("room:1", {})
room.push("hi", {}).receive("ok", () => {})
new Endpoint().broadcast("a", "b", {})
export const view = () => useChannel("room:1")
`

describe("an editor", () => {
  let editor: Editor
  let user = ""
  beforeAll(() => {
    const resolution = { module: "esnext", moduleResolution: "bundler", types: [] }
    const compilerOptions = { ...resolution, target: "es2022", jsx: "react-jsx" }
    project.write("tsconfig.json", JSON.stringify({ compilerOptions }))
    user = project.write("user.ts", USER)
    editor = new Editor()
  })
  afterAll(() => editor.close())

  it.each([
    ["Socket(", "lib/client/socket.ts", "export class Socket"],
    ["channel(", "lib/client/socket.ts", "channel<"],
    ["push(", "lib/client/channel.ts", "push<"],
    ["receive(", "lib/client/push.ts", "receive<"],
    ["serializer:", "lib/client/socket-options.ts", "serializer?:"],
    ["msgpack()", "lib/serializer/msgpack.ts", "export function msgpack"],
    ["Endpoint()", "lib/runtime/node/endpoint.ts", "export class Endpoint"],
    ["broadcast(", "lib/server/endpoint.ts", "broadcast<"],
    ['useChannel("', "lib/react/untyped-hooks.ts", "useChannel"],
  ])("goes from %s to its definition in %s", async (words, file, line) => {
    const [definition] = await editor.definition(user, USER, words)
    expect(definition?.file).toBe(inProject(file))
    const text = readFileSync(definition?.file ?? "", "utf8").split("\n")[(definition?.start.line ?? 0) - 1]
    expect(text).toContain(line)
  })
})
