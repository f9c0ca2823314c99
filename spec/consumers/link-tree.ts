import { copyFileSync, linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs"
import { join } from "node:path"

/** What npm writes into a tree, in place. */
const WRITTEN = ".package-lock.json"

/** Puts a tree of files where another project has it as its own, without a copy where the system can do that. */
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
    // They may be on two disks.
    copyFileSync(source, target)
  }
}
