import { readdirSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { ROOT } from "./build.js"
import { runNode } from "./run-node.js"

const DIST = join(ROOT, "dist")
const PLATFORM_BUILDS = [
  "chat",
  "index",
  "inspect",
  "lifecycle",
  "metrics",
  "msgpack",
  "otel",
  "panel",
  "phoenix",
  "react",
  "rpc",
  "supabase",
].flatMap((name) => [`${name}.js`, `${name}.cjs`])
/** The builds of `rookery/server` for runtimes other than Node. */
const SERVER_BUILDS = ["bun", "deno", "web", "workers"].flatMap((name) => [`server-${name}.js`, `server-${name}.cjs`])

/** Every file that a file of `dist/` imports, directly or not, and the packages that they import. */
async function closure(entry: string): Promise<{ files: string[]; packages: string[] }> {
  const { metafile } = await build({
    entryPoints: [join(DIST, entry)],
    absWorkingDir: ROOT,
    bundle: true,
    packages: "external",
    platform: "neutral",
    write: false,
    metafile: true,
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  const packages = imports.filter(({ external }) => external).map(({ path }) => path)
  return { files: Object.keys(metafile.inputs), packages: [...new Set(packages)].sort() }
}

/** The packages that the types of an entry point may import. */
const ASKED_FOR: [entry: RegExp, packages: RegExp][] = [
  [/^server\./, /^(rookery|mitt|node:.*)$/],
  // A file with the types that rookery/metrics and rookery/otel share.
  [/^measure-[\w-]{8}\.d\./, /^rookery\/server$/],
  // The other runtimes, and a file with the types that they share with Node.
  [/^server-[a-z]+\./, /^mitt$/],
  [/^[\w-]+-[\w-]{8}\.d\./, /^(rookery|mitt)$/],
  [/^react\./, /^(rookery|react)$/],
  [/^(lifecycle|panel)\./, /^rookery$/],
  [/^(inspect|metrics|otel)\./, /^rookery\/server$/],
  [/^rpc\./, /^(rookery(\/.*)?|capnweb)$/],
  [/^chat-server\./, /^(rookery(\/.*)?|node:.*)$/],
]

const isBuiltin = (name: string): boolean => name.startsWith("node:") || builtinModules.includes(name)
const declarations = readdirSync(DIST).filter((name) => /\.d\.c?ts$/.test(name))

describe("what is built for a platform that is not Node", () => {
  it.each([...PLATFORM_BUILDS, ...SERVER_BUILDS])("imports nothing of Node's: %s", async (entry) => {
    const { packages } = await closure(entry)
    expect(packages.filter(isBuiltin)).toEqual([])
    expect(packages).not.toContain("ws")
  })

  it("needs no package but mitt", async () => {
    const { packages } = await closure("index.js")
    expect((await closure("index.cjs")).packages).toEqual(packages)
    expect(packages.filter((name) => name !== "mitt")).toEqual([])
  })

  it.each(PLATFORM_BUILDS.filter((entry) => entry.startsWith("index")))(
    "touches no global while it is imported: %s",
    async (entry) => {
      const program = fileURLToPath(new URL("touched-globals.mjs", import.meta.url))
      expect(await runNode([program, join(DIST, entry)])).toEqual({ touched: [], works: true })
    },
  )
})

describe("what is built for React Native", () => {
  // React Native's preset for Babel leaves static blocks alone, and Hermes does not know them.
  it.each(PLATFORM_BUILDS)("has no static block: %s", async (entry) => {
    const { files } = await closure(entry)
    const own = files.filter((file) => file.startsWith("dist/"))
    expect(own.length).toBeGreaterThan(0)
    for (const file of own) {
      const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.Latest)
      const visit = (node: ts.Node): boolean =>
        ts.isClassStaticBlockDeclaration(node) || (ts.forEachChild(node, (child) => visit(child) || undefined) ?? false)
      expect(visit(source), file).toBe(false)
    }
  })
})

describe("what is built for Node", () => {
  it.each(["node/index.js", "node/index.cjs"])("takes its WebSocket from ws: %s", async (entry) => {
    const { packages } = await closure(entry)
    expect(packages.filter((name) => name !== "mitt" && !isBuiltin(name))).toEqual(["ws"])
  })
})

describe("a bundler that is told that nothing has an effect", () => {
  it.each(readdirSync(DIST).filter((name) => /^[a-z-]+\.js$/.test(name)))(
    "has nothing to warn of: %s",
    async (name) => {
      const { warnings } = await build({
        stdin: { contents: `export * from "./${name}"`, resolveDir: DIST },
        absWorkingDir: ROOT,
        bundle: true,
        packages: "external",
        platform: "node",
        format: "esm",
        write: false,
        logLevel: "silent",
      })
      expect(warnings.map(({ text }) => text)).toEqual([])
    },
  )
})

describe("the errors", () => {
  it.each(["index", "msgpack", "node/index"])("are one module for every entry point: %s", async (entry) => {
    expect((await closure(`${entry}.js`)).files).toContain("dist/errors.js")
    expect((await closure(`${entry}.cjs`)).files).toContain("dist/errors.cjs")
  })
})

describe("the types", () => {
  it("are built for both module systems", () => {
    expect(declarations).toContain("index.d.ts")
    expect(declarations).toContain("index.d.cts")
  })

  it.each(declarations)("ask for no other package: %s", (name) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(DIST, name), "utf8"))
    const packages = importedFiles.map(({ fileName }) => fileName).filter((path) => !path.startsWith("."))
    const own = ASKED_FOR.find(([entry]) => entry.test(name))?.[1] ?? /^rookery(\/|$)/
    expect(packages.filter((path) => !own.test(path))).toEqual([])
  })

  it.each(declarations)("bring the library of disposables with them: %s", (name) => {
    const { libReferenceDirectives } = ts.preProcessFile(readFileSync(join(DIST, name), "utf8"))
    expect(libReferenceDirectives.map(({ fileName }) => fileName)).toEqual(["esnext.disposable"])
  })

  it.each(declarations)("show nothing that is marked as internal: %s", (name) => {
    expect(readFileSync(join(DIST, name), "utf8")).not.toContain("@internal")
  })
})

describe("the source maps", () => {
  it.each(readdirSync(DIST).filter((name) => /\.c?js$/.test(name)))("lead to the sources: %s", (name) => {
    const map = JSON.parse(readFileSync(join(DIST, `${name}.map`), "utf8")) as { sources: string[] }
    expect(map.sources.filter((source) => !/^\.\.\/lib\/[a-z0-9/.-]+\.ts$/.test(source))).toEqual([])
  })
})
