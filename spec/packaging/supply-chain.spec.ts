import { execFile } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ROOT } from "./build.js"
import { textOf } from "./examples.js"
import { installPacked, type Project } from "./installed.js"

const run = promisify(execFile)

interface Entry {
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  hasInstallScript?: true
}

interface Manifest {
  name: string
  license: string
  scripts: Record<string, string>
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), "utf8")) as T
const manifest = readJson<Manifest>("package.json")
const { packages } = readJson<{ packages: Record<string, Entry> }>("package-lock.json")

/** The path of a package that another one requires. */
function locate(from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const path = `${at === "" ? "" : `${at}/`}node_modules/${name}`
    if (path in packages) return path
    if (at === "") return undefined
  }
}

/** All packages that are installed with Rookery, with or without the optional ones. */
function tree(withOptional: boolean): string[] {
  const found = new Set<string>()
  const visit = (path: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = packages[path] ?? {}
    const names = Object.keys(dependencies).filter((name) => !(name in optionalDependencies))
    for (const name of [...names, ...(withOptional ? Object.keys(optionalDependencies) : [])]) {
      const at = locate(path, name)
      if (at === undefined || found.has(at)) continue
      found.add(at)
      visit(at)
    }
  }
  visit("")
  return [...found].sort()
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)

describe("what comes with the package", () => {
  it("is three packages, of which none brings another that it cannot do without", () => {
    expect(tree(false)).toEqual(
      Object.keys(manifest.dependencies)
        .sort()
        .map((name) => `node_modules/${name}`),
    )
  })

  it("runs nothing when it is installed, but for what may be left out", () => {
    const scripted = (paths: string[]): string[] => paths.filter((path) => packages[path]?.hasInstallScript).map(nameOf)
    expect(scripted(tree(false))).toEqual([])
    // The check finds this known one, so it would find another.
    expect(scripted(tree(true))).toEqual(["msgpackr-extract"])
    // npm runs prepack only where the package is packed, and not when it is installed from the registry.
    const hooks = /^(pre|post)?(install|prepare|prepack|pack|publish|uninstall)$|^prepublishOnly$|^dependencies$/
    expect(Object.keys(manifest.scripts).filter((name) => hooks.test(name))).toEqual(["prepack"])
    expect(hooks.test("postinstall")).toBe(true)
  })

  it("is named in the document on security, each with its licence and whence it is known to come", () => {
    const rows = textOf("docs/SECURITY.md")
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    const told = new Map(rows.map(([name = "", ...cells]) => [name.replaceAll("`", ""), cells]))
    const native = [...new Set(tree(true).map(nameOf))].filter(
      (name) => !(name in manifest.dependencies) && !name.startsWith("@msgpackr-extract/"),
    )
    const expected = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies), ...native]
    for (const name of expected) {
      const [why, licence, whence] = told.get(name) ?? []
      expect([name, licence]).toEqual([name, readJson<Manifest>(`node_modules/${name}/package.json`).license])
      expect(`${name}: ${why}`.length).toBeGreaterThan(name.length + 10)
      expect(`${name}: ${whence}`).toMatch(/: .{4}/)
    }
  })
})

describe("the package with nothing but what it cannot do without", () => {
  let project: Project
  beforeAll(async () => {
    project = await installPacked([])
    // The packages are copied, because links would lead to the optional packages beside them.
    for (const name of Object.keys(manifest.dependencies)) {
      cpSync(join(ROOT, "node_modules", name), join(project.folder, "node_modules", name), { recursive: true })
    }
  })
  afterAll(() => project.remove())

  it("serves and speaks JSON and MessagePack, though no install script ever ran", async () => {
    const program = project.write(
      "try.mjs",
      `import { createRequire } from "node:module"
import { Socket } from "rookery"
import { msgpack } from "rookery/msgpack"
import { Endpoint } from "rookery/server"
let native = true
try { createRequire(import.meta.resolve("msgpackr")).resolve("msgpackr-extract") } catch { native = false }
const endpoint = new Endpoint()
endpoint.channel("room:*", { receive: { echo: (payload) => payload } })
const { port } = await endpoint.listen()
const heard = []
for (const options of [{}, { serializer: msgpack() }]) {
  const socket = new Socket("ws://127.0.0.1:" + port + "/socket", options)
  socket.connect()
  const room = await socket.join("room:1")
  heard.push(await room.push("echo", { text: "Zoë".repeat(30) }))
  socket.destroy()
}
await endpoint.close()
console.log(JSON.stringify({ native, heard }))
`,
    )
    const { stdout } = await run(process.execPath, [program], { cwd: project.folder })
    const text = "Zoë".repeat(30)
    expect(JSON.parse(stdout)).toEqual({ native: false, heard: [{ text }, { text }] })
  })
})

interface Report {
  metadata: { vulnerabilities: { total: number } }
  vulnerabilities: Record<string, unknown>
}

/** The findings of npm's registry about the locked packages; `undefined` if it cannot be reached. */
async function audit(): Promise<Report | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "rookery-audit-"))
  try {
    for (const file of ["package.json", "package-lock.json"]) {
      writeFileSync(join(folder, file), readFileSync(join(ROOT, file)))
    }
    const npm = process.platform === "win32" ? "npm.cmd" : "npm"
    const args = ["audit", "--omit=dev", "--json", "--fetch-retries=0", "--fetch-timeout=20000"]
    const { stdout } = await run(npm, args, { cwd: folder, timeout: 240_000 }).catch(
      // With findings npm exits with 1, and prints them too.
      (error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }),
    )
    const report = JSON.parse(stdout) as Partial<Report>
    return report.metadata === undefined ? undefined : (report as Report)
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const report = await audit()
if (report === undefined)
  console.warn("npm's registry tells nothing of known faults here: `npm run audit` was not tried.")

describe.skipIf(report === undefined)("npm audit", () => {
  it("knows of no fault in what comes with the package", () => {
    expect(report?.vulnerabilities).toEqual({})
    expect(report?.metadata.vulnerabilities.total).toBe(0)
  })
})
