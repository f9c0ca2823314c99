import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
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
// The page is built last.
const RESULT = join(ROOT, "dist/page/app.js")

function lastChange(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))))
}

/** What these specs look at is built, and no older than what it is built from. */
export default function buildIfStale(): void {
  const changed = Math.max(...SOURCES.map((name) => lastChange(join(ROOT, name))))
  if (existsSync(RESULT) && statSync(RESULT).mtimeMs >= changed) return
  const tsup = ["node_modules/tsup/dist/cli-default.js", "--config"]
  const steps = [
    [...tsup, "tsup.config.ts"],
    ["--import", "tsx", "build/declaration-maps.ts"],
    [...tsup, "tsup.page.config.ts"],
  ]
  for (const step of steps) execFileSync(process.execPath, step, { cwd: ROOT, stdio: "inherit" })
}
