import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { afterAll, describe, expect, it } from "vitest"
import { LAYERS, lintOverride, type Layer } from "./layering.js"

const ROOT = fileURLToPath(new URL("..", import.meta.url))
const LIB = join(ROOT, "lib")

const FILES = readdirSync(LIB, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => /\.tsx?$/.test(path))
  .sort()

/** The folder of a file, or "" for an entry point. Folders of the server and of the runtimes are nested. */
function folderOf(file: string): string {
  const folder = posix.dirname(file)
  if (folder === ".") return ""
  return /^(server|runtime)\b/.test(folder) ? folder : folder.replace(/\/.*/, "")
}

const covers = (part: string, file: string): boolean => file === part || file.startsWith(`${part}/`)
const layerOf = (file: string): Layer | undefined => LAYERS.findLast(({ of }) => covers(of, file))

interface Import {
  file: string
  /** The text of the import. */
  specifier: string
  /** The file of `lib/` that it means, if it means one. */
  target: string | undefined
}

function importsOf(file: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(LIB, file), "utf8"))
  return importedFiles.map(({ fileName: specifier }) => {
    if (!specifier.startsWith(".")) return { file, specifier, target: undefined }
    const target = posix.join(posix.dirname(file), specifier).replace(/\.js$/, ".ts")
    return { file, specifier, target }
  })
}

const IMPORTS = FILES.flatMap(importsOf)

function isAllowed({ file, specifier, target }: Import): boolean {
  const own = folderOf(file)
  if (own === "") return target !== undefined
  const { of, lib = [], packages = [], node = false } = layerOf(file) ?? { of: own }
  const ownFolder = of.endsWith(".ts") ? posix.dirname(of) : of
  if (target !== undefined) return [ownFolder, ...lib].some((part) => covers(part, target))
  if (specifier.startsWith("node:")) return node
  return packages.some((name) => (name.endsWith("/*") ? specifier.startsWith(name.slice(0, -1)) : specifier === name))
}

/** Every file of `lib/` that an entry point imports, directly or not. */
function reach(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen
  seen.add(entry)
  for (const { file, target } of IMPORTS) {
    if (file === entry && target !== undefined) reach(target, seen)
  }
  return seen
}

type Edge = [from: string, to: string]

/** The nodes that lead to a circle: those that are left after removing, again and again, all nodes without edges. */
function inCircles(list: Edge[]): string[] {
  const edges = new Map<string, Set<string>>()
  for (const [from, to] of list) edges.set(from, (edges.get(from) ?? new Set()).add(to))
  for (let before = -1; before !== edges.size;) {
    before = edges.size
    for (const [from, targets] of edges) {
      if (![...targets].some((target) => edges.has(target))) edges.delete(from)
    }
  }
  return [...edges.keys()]
}

const say = ({ file, specifier }: Import): string => `lib/${file} imports ${specifier}`

describe("the folders of lib", () => {
  it("each have a line in the table", () => {
    expect(FILES.length).toBeGreaterThan(20)
    const unknown = FILES.filter((file) => folderOf(file) !== "" && layerOf(file) === undefined)
    expect(unknown).toEqual([])
  })

  it("import only what the table allows", () => {
    expect(IMPORTS.filter((found) => !isAllowed(found)).map(say)).toEqual([])
  })

  it("import files that exist, by the name they will have when built", () => {
    const relative = IMPORTS.filter(({ target }) => target !== undefined)
    expect(relative.length).toBeGreaterThan(50)
    const lost = relative.filter(({ specifier, target }) => !specifier.endsWith(".js") || !FILES.includes(target ?? ""))
    expect(lost.map(say)).toEqual([])
  })

  it("do not import each other in a circle", () => {
    const edges = IMPORTS.flatMap(({ file, target }): Edge[] =>
      target === undefined || folderOf(file) === folderOf(target) ? [] : [[folderOf(file), folderOf(target)]],
    )
    expect(inCircles(edges)).toEqual([])
  })

  it("have no file in a circle, imports of types included", () => {
    const edges = IMPORTS.flatMap(({ file, target }): Edge[] => (target === undefined ? [] : [[file, target]]))
    expect(edges.length).toBeGreaterThan(500)
    expect(inCircles(edges)).toEqual([])
  })

  it("leave Node to those that run in Node only", () => {
    const users = IMPORTS.filter(({ specifier }) => specifier.startsWith("node:")).map(({ file }) => file)
    const portable = users.filter(
      (file) => !/^(runtime\/(node|ws)|testing|chat|cli|redis)\/|platform\.node\.ts$/.test(file),
    )
    expect(portable).toEqual([])
  })
})

describe("the entry points", () => {
  const reached = (entry: string): string[] => [...new Set([...reach(entry)].map(folderOf))].sort()

  it("take what they export from the folders, and from nowhere else", () => {
    const direct = IMPORTS.filter(({ file, target }) => folderOf(file) === "" && target === undefined)
    expect(direct.map(say)).toEqual([])
  })

  it("lead a client to the client's half only", () => {
    expect(reached("index.ts")).toEqual(["", "client", "protocol", "serializer", "transport"])
    expect([...reach("index.ts")]).not.toContain("serializer/msgpack.ts")
    expect(reached("msgpack.ts")).toEqual(["", "protocol", "serializer", "transport"])
    expect(reached("phoenix.ts")).toEqual(["", "phoenix"])
    expect(reached("react.ts")).toEqual(["", "react"])
    expect(reached("testing.ts")).toEqual(["", "testing"])
  })
})

describe("the linter", () => {
  const project = mkdtempSync(join(tmpdir(), "rookery-lint-"))
  afterAll(() => rmSync(project, { recursive: true }))

  /** The linter's output for one file with the given text. */
  function lint(path: string, text: string): string {
    cpSync(join(ROOT, ".oxlintrc.json"), join(project, ".oxlintrc.json"))
    mkdirSync(join(project, dirname(path)), { recursive: true })
    writeFileSync(join(project, path), text)
    const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint")
    return spawnSync(process.execPath, [oxlint, path], { cwd: project, encoding: "utf8" }).stdout
  }

  it("holds the same table", () => {
    const text = readFileSync(join(ROOT, ".oxlintrc.json"), "utf8")
    const { config } = ts.parseConfigFileTextToJson(".oxlintrc.json", text) as { config: { overrides: object[] } }
    const held = config.overrides.filter((override) => JSON.stringify(override).includes("no-restricted-imports"))
    expect(held).toEqual(LAYERS.map(lintOverride))
  })

  it("refuses an import that the table does not allow", () => {
    expect(lint("lib/client/a.ts", 'export * from "../server/endpoint.js"')).toContain("Not for lib/client")
    expect(lint("lib/client/b.ts", 'export * from "node:fs"')).toContain("Not for lib/client")
    expect(lint("lib/protocol/c.ts", 'export type * from "../client/socket.js"')).toContain("Not for lib/protocol")
    expect(lint("lib/redis/d.ts", 'export * from "../server/endpoint.js"')).toContain("Not for lib/redis")
    expect(lint("lib/server/limits/h.ts", 'export * from "../pubsub/pubsub.js"')).toContain("Not for lib/server/limits")
    expect(lint("lib/server/api/i.ts", 'export * from "../../runtime/node/router.js"')).toContain(
      "Not for lib/server/api",
    )
    expect(lint("lib/serializer/json.ts", 'export * from "msgpackr"')).toContain("Not for lib/serializer")
  })

  it("takes an import that the table allows", () => {
    expect(lint("lib/client/e.ts", 'export * from "../transport/transport.js"')).toContain("0 errors")
    expect(lint("lib/redis/f.ts", 'export * from "../server/api/cluster.js"')).toContain("0 errors")
    expect(lint("lib/runtime/node/j.ts", 'export * from "../../server/endpoint.js"')).toContain("0 errors")
    expect(lint("lib/serializer/msgpack.ts", 'export * from "msgpackr"')).toContain("0 errors")
    expect(lint("lib/phoenix/g.ts", 'export * from "rookery/msgpack"')).toContain("0 errors")
  })
})
