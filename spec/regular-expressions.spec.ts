import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { analyse } from "scslre"
import ts from "typescript"
import { describe, expect, it } from "vitest"

/** Expressions that may backtrack, and so may take time that grows with the square of their input, or faster. */
const MAY_BACKTRACK: Readonly<Record<string, string>> = {
  "lib/chat/client-options.ts /\\/+$/": "the address of the server, as the program gives it",
  "lib/cli/connection-options.ts /\\/+$/": "the address of the server, as the person at the terminal gives it",
  "lib/server/admission/entrances.ts /\\/+$/": "a path that the program serves",
}

/** A bound on repeats. Each place of a text tries a repeated part that often, unless the expression begins with `^`. */
const LONG = 64

const expressions: { name: string; source: string; flags: string }[] = []
for (const entry of readdirSync("lib", { recursive: true, withFileTypes: true })) {
  if (!/\.tsx?$/.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest)
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/")
      const [source, flags] = [node.text.slice(1, end), node.text.slice(end + 1)]
      expressions.push({ name: `${path} ${node.text}`, source, flags })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
}

const backtracks = (source: string, flags: string): boolean => analyse({ source, flags }).reports.length > 0

function isLong(source: string): boolean {
  const counts = [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) => Number(most || least))
  return !source.startsWith("^") && counts.some((count) => count >= LONG)
}

describe("the regular expressions of the library", () => {
  it("are found", () => {
    expect(expressions.length).toBeGreaterThan(50)
  })

  it("take time in proportion to what they read, but for those that no stranger reaches", () => {
    const slow = expressions.filter(({ source, flags }) => backtracks(source, flags)).map(({ name }) => name)
    expect(slow.toSorted()).toEqual(Object.keys(MAY_BACKTRACK).toSorted())
  })

  it("repeat nothing so often that each place of a text costs as much", () => {
    expect(expressions.filter(({ source }) => isLong(source)).map(({ name }) => name)).toEqual([])
  })

  it("are all literals, which this can look at", () => {
    const made = readdirSync("lib", { recursive: true, withFileTypes: true })
      .filter(({ name }) => /\.tsx?$/.test(name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => /\bRegExp\(/.test(readFileSync(path, "utf8")))
    expect(made).toEqual([])
  })

  it("would be caught if they were slow", () => {
    expect(backtracks("\\s+$", "")).toBe(true)
    expect(backtracks("^(a+)+$", "")).toBe(true)
    expect(backtracks("\\d[eE]\\+?\\d{3}", "")).toBe(false)
    expect(isLong("\\\\u[dD]|\\d{309}")).toBe(true)
    expect(isLong("^[0-9a-z]{1,64}$")).toBe(false)
  })
})
