import { existsSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { ROOT } from "./build.js"
import { textOf } from "./examples.js"

type Target = string | { readonly default: string }

interface Manifest {
  readonly version: string
  readonly license: string
  readonly exports: Readonly<Record<string, string | { readonly import: Target & { readonly deno?: Target } }>>
}

interface Jsr {
  readonly version: string
  readonly license: string
  readonly exports: Readonly<Record<string, string>>
  readonly imports: Readonly<Record<string, string>>
}

/** Entry points that come with npm alone: their pages are built, and JSR takes sources. */
const NPM_ALONE = new Set(["./chat", "./chat/server", "./inspect", "./package.json"])

const manifest = JSON.parse(textOf("package.json")) as Manifest
const jsr = JSON.parse(textOf("jsr.json")) as Jsr

/** The source of a built file. */
const sourceOf = (built: string): string => {
  const name = built.replace(/^\.\/dist\/|\.js$/g, "")
  return name === "server-deno" ? "./lib/runtime/deno/server.ts" : `./lib/${name}.ts`
}

/** The sources of the entry points as the package has them on Deno. */
const onDeno = Object.entries(manifest.exports).flatMap(([name, entry]) => {
  if (NPM_ALONE.has(name) || typeof entry === "string") return []
  const target = entry.import.deno ?? entry.import
  return [[name, sourceOf(typeof target === "string" ? target : target.default)] as const]
})

it("jsr.json has the version and the license of the package", () => {
  expect([jsr.version, jsr.license]).toEqual([manifest.version, manifest.license])
})

it("jsr.json exports the sources of the entry points that the package has on Deno", () => {
  expect(jsr.exports).toEqual(Object.fromEntries(onDeno))
  expect(Object.values(jsr.exports).filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
})

it("jsr.json leads the imports of the package's own entry points to the same sources", () => {
  expect(jsr.imports).toEqual(Object.fromEntries(onDeno.map(([name, file]) => [`rookery${name.slice(1)}`, file])))
})
