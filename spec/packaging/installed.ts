import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { cp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { ROOT, UNPACKED } from "./build.js"

/** A project of a user, with the packed package installed. */
export interface Project {
  folder: string
  /** Writes a file of the project and returns its path. */
  write(name: string, text: string): string
  remove(): void
}

/** Puts the packed package into an empty project, with links to the given packages beside it. */
export async function installPacked(links: string[]): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "rookery-packed-"))
  const modules = join(folder, "node_modules")
  await cp(UNPACKED, join(modules, "rookery"), { recursive: true })
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
