import { copyFileSync, linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs"
import { join } from "node:path"

/** A file that npm overwrites in place. */
const WRITTEN = ".package-lock.json"

/** Gives another project a tree of files, by hard links if the system can do that, and else by copies. */
export function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)]
    const stats = lstatSync(source)
    if (stats.isDirectory()) linkTree(source, target)
    else if (stats.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
    else if (name !== WRITTEN) linkFile(source, target)
  }
}

function linkFile(source: string, target: string): void {
  try {
    linkSync(source, target)
  } catch {
    // Hard links fail between two disks.
    copyFileSync(source, target)
  }
}
