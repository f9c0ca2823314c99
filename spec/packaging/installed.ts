import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { ROOT } from "./build.js"

const run = promisify(execFile)

/** A project of somebody else's that has the packed package installed. */
export interface Project {
  folder: string
  /** Writes a file of the project and gives its path. */
  write(name: string, text: string): string
  remove(): void
}

/** Packs the package as npm would publish it and puts it into an empty project, with links to what it depends on. */
export async function installPacked(links: string[]): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "rookery-packed-"))
  const modules = join(folder, "node_modules")
  mkdirSync(modules)
  const npm = process.platform === "win32" ? "npm.cmd" : "npm"
  const { stdout } = await run(npm, ["pack", "--json", "--pack-destination", folder], { cwd: ROOT })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  await run("tar", ["-xzf", filename], { cwd: folder })
  renameSync(join(folder, "package"), join(modules, "rookery"))
  for (const name of links) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "junction")
  }
  return {
    folder,
    write(name, text) {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      return path
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
