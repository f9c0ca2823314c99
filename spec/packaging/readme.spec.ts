import { readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { ROOT } from "./build.js"
import { examplesOf, problemsOf } from "./examples.js"

const read = (name: string): string => readFileSync(join(ROOT, name), "utf8")
const README = read("README.md")
const manifest = JSON.parse(read("package.json")) as {
  exports: Record<string, unknown>
  scripts: Record<string, string>
}

/** The first cells of the rows of a table, without their quotes. */
function firstCells(heading: string): string[] {
  const section = README.split(/^## /m).find((part) => part.startsWith(heading)) ?? ""
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell]) => cell ?? "")
}

/** The members of a union of strings. */
function unionMembers(file: string, name: string): string[] {
  const found: string[] = []
  ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest).forEachChild((node) => {
    if (!ts.isTypeAliasDeclaration(node) || node.name.text !== name || !ts.isUnionTypeNode(node.type)) return
    for (const member of node.type.types) {
      if (ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal)) found.push(member.literal.text)
    }
  })
  return found
}

describe("the README", () => {
  it("lists every entry point and no other", () => {
    const entries = Object.keys(manifest.exports).map((key) => key.replace(/^\./, "rookery"))
    expect(firstCells("Entry points").sort()).toEqual(entries.sort())
  })

  it("lists every error code and no other", () => {
    const codes = unionMembers("lib/protocol/errors.ts", "ErrorCode")
    expect(codes.length).toBeGreaterThan(10)
    expect(firstCells("Errors").sort()).toEqual(codes.sort())
  })

  it("names only scripts that there are", () => {
    const named = [...README.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)].map(([, script]) => script ?? "")
    expect(named).toContain("test")
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  it("names the command that tests a clean clone", () => {
    const commands = [...README.matchAll(/^(npm install && npm test)\b/gm)]
    expect(commands).toHaveLength(1)
    expect(read(".ci/run").replaceAll(" </dev/null", "")).toContain("\nnpm install && npm test\n")
  })

  it("has examples that compile as they stand", () => {
    const examples = [...examplesOf(README), ...examplesOf(read("docs/CHAT.md"))].map(({ name, code }, i) => ({
      name: `${i}-${name}`,
      code,
    }))
    expect(examples.length).toBeGreaterThan(0)
    expect(problemsOf(examples)).toEqual([])
  })
})
