import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ROOT } from "./build.js"

interface Entry {
  resolved?: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}
const readJson = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), "utf8"))

type Packages = Record<string, Entry>

/** Whether a package at `path` finds another one by its name. */
function finds(packages: Packages, path: string, name: string): boolean {
  if (`${path}/node_modules/${name}` in packages) return true
  const parent = path.lastIndexOf("/node_modules/")
  return parent === -1 ? `node_modules/${name}` in packages : finds(packages, path.slice(0, parent), name)
}

describe.each([
  ["the package", "", 50],
  ["the site", "site/", 40],
])("the lock file of %s", (_name, folder, least) => {
  const { packages } = readJson(`${folder}package-lock.json`) as { packages: Packages }

  // npm leaves out packages that the current registry lacks; then no machine with such a platform would get them.
  it("locks the binaries of every platform", () => {
    const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => ({ path, name })),
    )
    expect(wanted.length).toBeGreaterThan(least)
    const missing = wanted
      .filter(({ path, name }) => !finds(packages, path, name))
      .map(({ path, name }) => `${path}: ${name}`)
    expect(missing).toEqual([])
  })

  it("locks packages from no registry in particular", () => {
    expect(Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined)).toEqual([])
  })

  it("locks what the manifest asks for", () => {
    const manifest = readJson(`${folder}package.json`) as Entry
    expect(packages[""]?.dependencies).toEqual(manifest.dependencies)
    expect(packages[""]?.devDependencies).toEqual(manifest.devDependencies)
  })
})
