import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { ROOT } from "./build.js"
import { textOf } from "./examples.js"

/** The entry points: every file directly in lib/, except the command. */
const ENTRIES = readdirSync(join(ROOT, "lib"))
  .filter((name) => name.endsWith(".ts") && name !== "cli.ts")
  .map((name) => `lib/${name}`)

describe("the reference", () => {
  it("has every entry point", () => {
    const { entryPoints } = JSON.parse(textOf("typedoc.json")) as { entryPoints: string[] }
    expect(entryPoints.sort()).toEqual(ENTRIES.sort())
  })

  it("finds something said of every export", () => {
    const { config } = ts.readConfigFile(join(ROOT, "tsconfig.lib.json"), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
    const program = ts.createProgram(
      ENTRIES.map((name) => join(ROOT, name)),
      options,
    )
    const checker = program.getTypeChecker()
    const silent = ENTRIES.flatMap((name) => {
      const file = program.getSourceFile(join(ROOT, name))
      const module = file && checker.getSymbolAtLocation(file)
      const symbols = module === undefined ? [] : checker.getExportsOfModule(module)
      expect(symbols, name).not.toEqual([])
      return symbols
        .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
        .filter((symbol) => symbol.getDocumentationComment(checker).length === 0)
        .map((symbol) => `${name}: ${symbol.name}`)
    })
    expect(silent).toEqual([])
  })

  it("is made without a warning", async () => {
    const out = mkdtempSync(join(tmpdir(), "rookery-reference-"))
    try {
      const args = [join(ROOT, "node_modules/typedoc/bin/typedoc"), "--out", out]
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
      expect(`${stdout}${stderr}`).not.toMatch(/warning|error/i)
      expect(existsSync(join(out, "index.html"))).toBe(true)
    } finally {
      rmSync(out, { recursive: true, force: true })
    }
  })
})
