import { readdirSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import parse from "parse-prometheus-text-format"
import { metrics } from "rookery/metrics"
import { DEFAULT_LIMITS, Endpoint } from "rookery/server"
import { ROOT } from "./build.js"
import { firstCells, textOf, unionMembers } from "./examples.js"

/** The cells of the rows of the first table under a heading. */
function rowsOf(markdown: string, heading: string): string[][] {
  const section = markdown.split(/^##? /m).find((part) => part.startsWith(heading)) ?? ""
  const [, , ...rows] = section.split("\n").filter((line) => line.startsWith("|"))
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** The documentation of an interface's members: their text, and that of `@default`. */
function docsOf(file: string, name: string): Map<string, { text: string; default: string }> {
  const docs = new Map<string, { text: string; default: string }>()
  const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true)
  const plain = (comment: string): string => comment.replaceAll(/\{@link (\w+)\}/g, "`$1`").replaceAll(/\s+/g, " ")
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== name) return
    for (const member of node.members) {
      const comment = ts.getJSDocCommentsAndTags(member).find(ts.isJSDoc)
      const tag = comment?.tags?.find(({ tagName }) => tagName.text === "default")
      const [text, value] = [comment?.comment, tag?.comment].map((comment) =>
        plain(ts.getTextOfJSDocComment(comment) ?? ""),
      )
      docs.set(member.name?.getText() ?? "", { text: text ?? "", default: value ?? "" })
    }
  })
  return docs
}

describe("the table of limits", () => {
  const rows = rowsOf(textOf("docs/LIMITS.md"), "Of the endpoint")

  it("names every limit and its default", () => {
    const told = rows.map(([name = "", value = ""]) => [name.replaceAll("`", ""), Number(value.replaceAll(" ", ""))])
    expect(Object.fromEntries(told)).toEqual(DEFAULT_LIMITS)
  })

  it("says what each counts and why it is so much, as the code does", () => {
    const docs = docsOf("lib/protocol/limits.ts", "Limits")
    expect(docs.size).toBe(Object.keys(DEFAULT_LIMITS).length)
    for (const [cell = "", , what, why] of rows) {
      const told = docs.get(cell.replaceAll("`", ""))
      expect(`${what}.`).toBe(told?.text)
      expect(told?.default.replace(/^[\d_]+[:,] /, "")).toBe(why)
    }
  })
})

describe("the table of metrics", () => {
  it("names every metric, its type and what it is, as the text for Prometheus does", () => {
    const families = parse(metrics(new Endpoint({ logger: false })).text())
    const rows = rowsOf(textOf("docs/OPERATIONS.md"), "Metrics")
    expect(rows.map(([name, type, what]) => [name, type, `${what}.`])).toEqual(
      families.map(({ name, type, help }) => [`\`${name}\``, type.toLowerCase(), help]),
    )
  })
})

describe("the table of errors", () => {
  it("has every code, and says what to do", () => {
    const document = textOf("docs/ERRORS.md")
    const codes = unionMembers("lib/protocol/errors.ts", "ErrorCode")
    expect(codes.length).toBeGreaterThan(10)
    expect(firstCells(document, "Every code").sort()).toEqual(codes.sort())
    for (const [, when = "", what = ""] of rowsOf(document, "Every code")) {
      expect(when).not.toBe("")
      expect(what).not.toBe("")
    }
  })
})

describe("the table of differences from phoenix.js", () => {
  const FOLDER = "spec/interop/same-api"

  it("has every difference that is tried, with its reason", () => {
    const tried = readdirSync(join(ROOT, FOLDER)).flatMap((file) =>
      [...textOf(`${FOLDER}/${file}`).matchAll(/^ +why: "(.*)",$/gm)].map(([, why = ""]) => why),
    )
    expect(tried.length).toBeGreaterThan(30)
    const told = rowsOf(textOf("docs/FROM-PHOENIX-JS.md"), "Differences").map((cells) => cells[3])
    expect(told.sort()).toEqual(tried.sort())
  })
})
