import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { join } from "node:path"
import buildIfStale, { TARBALL } from "../spec/packaging/build.js"

/*
 * `npm run new`: begins a project that depends on this clone, as long as the package is not on npm. It packs the clone
 * as npm would publish it, and gives the pack to `rookery new`.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url))

buildIfStale()
const args = ["new", ...process.argv.slice(2), "--rookery", TARBALL]
// npm runs scripts in the folder of the clone; a path is meant from where the command was typed.
execFileSync(process.execPath, [join(ROOT, "dist/cli.js"), ...args], {
  cwd: process.env["INIT_CWD"] ?? process.cwd(),
  stdio: "inherit",
})
