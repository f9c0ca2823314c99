import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { INTERNAL_NAMES, SHORT_NAMES } from "../../names.config.js"
import { ROOT } from "./build.js"

const filesIn = (folder: string, kind: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => kind.test(name))
    .map((name) => join(folder, name))

function nodesOf(path: string): ts.Node[] {
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, readFileSync(join(ROOT, path), "utf8"), ts.ScriptTarget.Latest, true))
  return nodes
}

const wordsIn = (nodes: ts.Node[]): Set<string> => new Set(nodes.filter(ts.isIdentifier).map(({ text }) => text))

const sources = filesIn("lib", /(?<!\.d)\.ts$/).flatMap(nodesOf)
const exported = new Set(["Channel", "Connection", "Push", "Socket"])

describe("the names that the build makes short", () => {
  it("are each given a name of their own, which no user's subclass has", () => {
    expect(Object.keys(SHORT_NAMES)).toEqual(INTERNAL_NAMES)
    const short = Object.values(SHORT_NAMES)
    expect(new Set(short).size).toBe(INTERNAL_NAMES.length)
    for (const name of short) expect(name).toMatch(/^\$[0-9a-z]{1,2}$/)
  })

  it.each(INTERNAL_NAMES)("are members of the sources, and said by nobody but by that name: %s", (name) => {
    const declared = sources.some((node) => ts.isClassElement(node) && node.name?.getText() === name)
    const literal = sources.some((node) => ts.isStringLiteralLike(node) && node.text === name)
    // A line of the reconnector is an object of its own.
    expect(declared || name === "whenClosed").toBe(true)
    expect(literal).toBe(false)
  })

  it("are marked as internal wherever a user could see them", () => {
    const shown = sources.filter(
      (node): node is ts.ClassElement =>
        ts.isClassElement(node) &&
        INTERNAL_NAMES.includes(node.name?.getText() ?? "") &&
        ts.isClassLike(node.parent) &&
        exported.has(node.parent.name?.text ?? ""),
    )
    expect(shown.length).toBeGreaterThan(10)
    const unmarked = shown.filter(
      (member) => !ts.getJSDocTags(member).some(({ tagName }) => tagName.text === "internal"),
    )
    expect(unmarked.map((member) => member.name?.getText())).toEqual([])
  })

  it.each(filesIn("dist", /\.d\.c?ts$/))("are in no types: %s", (path) => {
    const words = wordsIn(nodesOf(path))
    expect(words.size).toBeGreaterThan(0)
    expect([...INTERNAL_NAMES, ...Object.values(SHORT_NAMES)].filter((name) => words.has(name))).toEqual([])
  })

  it.each(["js", "cjs"])("are the same in every file of the build: .%s", (extension) => {
    // The command and the page are made of what is built here.
    const files = filesIn("dist", new RegExp(`\\.${extension}$`)).filter((path) => !/^dist.(cli|page)/.test(path))
    const left = files.filter((path) =>
      nodesOf(path).some((node) => ts.isPropertyAccessExpression(node) && INTERNAL_NAMES.includes(node.name.text)),
    )
    expect(left).toEqual([])
    const socket = wordsIn(files.filter((path) => !path.includes("node")).flatMap(nodesOf))
    expect(Object.values(SHORT_NAMES).filter((name) => !socket.has(name))).toEqual([])
  })
})
