import { describe, expect, it } from "vitest"
import { firstCells, textOf, unionMembers } from "./examples.js"

const README = textOf("README.md")
const manifest = JSON.parse(textOf("package.json")) as {
  exports: Record<string, unknown>
  scripts: Record<string, string>
}

describe("the README", () => {
  it("lists every entry point and no other", () => {
    const entries = Object.keys(manifest.exports).map((key) => key.replace(/^\./, "rookery"))
    expect(firstCells(README, "Entry points").sort()).toEqual(entries.sort())
  })

  it("lists every error code and no other", () => {
    const codes = unionMembers("lib/protocol/errors.ts", "ErrorCode")
    expect(codes.length).toBeGreaterThan(10)
    expect(firstCells(README, "Errors").sort()).toEqual(codes.sort())
  })

  it("names only scripts that there are", () => {
    const named = [...README.matchAll(/npm (?:run )?(start|test|(?<=run )[\w:-]+)/g)].map(([, script]) => script ?? "")
    expect(named).toContain("test")
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([])
  })

  it("names the command that tests a clean clone", () => {
    const commands = [...README.matchAll(/^(npm install && npm test)\b/gm)]
    expect(commands).toHaveLength(1)
    expect(textOf(".ci/run").replaceAll(" </dev/null", "")).toContain("\nnpm install && npm test\n")
  })
})
