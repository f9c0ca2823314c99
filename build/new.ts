import { spawnSync } from "node:child_process"
import { join } from "node:path"
import buildIfStale, { ROOT, TARBALL } from "../spec/packaging/build.js"

/*
 * `npm run new`: begins a project that depends on this clone, as long as the package is not on npm. It packs the clone
 * as npm would publish it, and gives the pack to `rookery new`.
 */

console.log("Building and packing this clone; the first time that takes a minute or two …")
buildIfStale()
const args = ["new", ...process.argv.slice(2), "--rookery", TARBALL]
const { status } = spawnSync(process.execPath, [join(ROOT, "dist/cli.js"), ...args], {
  // npm runs scripts in the folder of the clone; a path is meant from where the command was typed.
  cwd: process.env["INIT_CWD"] ?? process.cwd(),
  stdio: "inherit",
})
process.exitCode = status ?? 1
