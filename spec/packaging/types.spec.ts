import { readdirSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { ROOT } from "./build.js"

const FOLDER = join(ROOT, "spec/types")
const SPECS = readdirSync(FOLDER).filter((name) => name.endsWith(".spec-d.ts"))
/** The specs that use types of the DOM. */
const FOR_THE_WEB = ["as-phoenix.spec-d.ts", "options.spec-d.ts"]
/** The specs that use types of Node. */
const FOR_A_SERVICE = ["server.spec-d.ts"]
const PAGE_SPECS = SPECS.filter((name) => !FOR_A_SERVICE.includes(name))

const built = (name: string): string[] => [join(ROOT, "dist", `${name}.d.ts`)]

/** The compiler's findings in the type specs, with the built declarations. */
function findings(specs: string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(
    specs.map((name) => join(FOLDER, name)),
    {
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      paths: {
        rookery: built("index"),
        "rookery/msgpack": built("msgpack"),
        "rookery/phoenix": built("phoenix"),
        "rookery/react": built("react"),
        "rookery/server": built("server"),
      },
      ...options,
    },
  )
  const sources = program.getSourceFiles().map(({ fileName }) => fileName)
  expect(sources.filter((name) => name.startsWith(join(ROOT, "lib/")))).toEqual([])
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`)
}

/** The entry points. The command is none, because it has nothing to import. */
const ENTRIES = readdirSync(join(ROOT, "lib"))
  .filter((name) => name.endsWith(".ts") && name !== "cli.ts")
  .map((name) => name.slice(0, -".ts".length))

/** One program for all entry points, because they share most of their declarations. */
const declarations = ts.createProgram(ENTRIES.flatMap(built), { module: ts.ModuleKind.ESNext, types: ["node"] })

/** The values, and not only types, that a declaration file exports. */
function declaredValues(entry: string): string[] {
  const [path = ""] = built(entry)
  const checker = declarations.getTypeChecker()
  const source = declarations.getSourceFile(path)
  const symbol = source && checker.getSymbolAtLocation(source)
  const values = (symbol ? checker.getExportsOfModule(symbol) : []).filter((one) => {
    const of = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one
    const typeOnly = one.declarations?.some((node) => ts.isExportSpecifier(node) && node.isTypeOnly)
    return !typeOnly && of.flags & ts.SymbolFlags.Value
  })
  return values.map(({ name }) => name).sort()
}

describe("the types that are built", () => {
  it.each(ENTRIES)("promise the values that are there, and no others: %s", async (entry) => {
    const there = (await import(join(ROOT, "dist", `${entry}.js`))) as object
    const declared = declaredValues(entry)
    expect(declared.length).toBeGreaterThan(0)
    expect(declared).toEqual(Object.keys(there).sort())
  })

  it.each([
    [
      "a page, with exact optional properties",
      true,
      PAGE_SPECS,
      { lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] },
    ],
    ["a page, without them", false, PAGE_SPECS, { lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] }],
    [
      "a service without the DOM",
      true,
      SPECS.filter((name) => !FOR_THE_WEB.includes(name)),
      { lib: ["lib.es2022.d.ts"], types: ["node"] },
    ],
  ])("infer and refuse what those of the sources do, in %s", (_where, exactOptionalPropertyTypes, specs, options) => {
    expect(specs.length).toBeGreaterThan(4)
    expect(findings(specs, { ...options, exactOptionalPropertyTypes })).toEqual([])
  })
})
