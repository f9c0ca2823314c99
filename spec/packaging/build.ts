import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of the repository. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url))

const SOURCES = [
  "build",
  "lib",
  "package.json",
  "tsconfig.json",
  "tsconfig.lib.json",
  "tsup.config.ts",
  "tsup.page.config.ts",
]
/** The file that the build writes last. */
const RESULT = join(ROOT, "dist/page/app.js")

/** The files that npm packs, and the manifest that lists them. */
const PACKED = ["dist", "lib", "templates", "package.json", "README.md", "CHANGELOG.md", "LICENSE"]
const CACHES = join(ROOT, "node_modules/.cache")
const CACHE = join(CACHES, "rookery-packed")

/** The package as npm would publish it. `npm run package` checks it too. */
export const TARBALL: string = join(CACHE, "rookery.tgz")
/** The files of {@link TARBALL}. Specs copy them, and do not change them here. */
export const UNPACKED: string = join(CACHE, "package")

function lastChange(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))))
}

const isAsNewAs = (made: string, sources: readonly string[]): boolean =>
  existsSync(made) && statSync(made).mtimeMs >= Math.max(...sources.map((name) => lastChange(join(ROOT, name))))

function build(): void {
  const tsup = ["node_modules/tsup/dist/cli-default.js", "--config"]
  const steps = [
    [...tsup, "tsup.config.ts"],
    ["--import", "tsx", "build/declaration-maps.ts"],
    [...tsup, "tsup.page.config.ts"],
  ]
  for (const step of steps) execFileSync(process.execPath, step, { cwd: ROOT, stdio: "inherit" })
}

/**
 * Packs as npm would publish, without the build that npm would run before, and unpacks. It works in a temporary folder,
 * so that an interrupted run leaves no partial result.
 */
function pack(): void {
  mkdirSync(CACHES, { recursive: true })
  const unfinished = mkdtempSync(join(CACHES, "rookery-packing-"))
  try {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm"
    const said = execFileSync(npm, ["pack", "--json", "--ignore-scripts", "--pack-destination", unfinished], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    })
    const [{ filename }] = JSON.parse(said) as [{ filename: string }]
    execFileSync("tar", ["-xzf", filename], { cwd: unfinished })
    renameSync(join(unfinished, filename), join(unfinished, "rookery.tgz"))
    rmSync(CACHE, { recursive: true, force: true })
    renameSync(unfinished, CACHE)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** Builds and packs the package, unless that was done after the last change. Many specs share the packed files. */
export default function buildIfStale(): void {
  if (!isAsNewAs(RESULT, SOURCES)) build()
  if (!isAsNewAs(TARBALL, PACKED)) pack()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildIfStale()
