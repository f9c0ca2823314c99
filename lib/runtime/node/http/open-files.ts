import { readFileSync } from "node:fs"

/** The soft limit of open files in the text of `/proc/self/limits`; `Infinity` where it has none. */
export function readOpenFiles(limits: string): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return soft === undefined ? Infinity : Number(soft)
}

/** How many files and connections the process may have open; `Infinity` where the system does not say. */
export function openFiles(): number {
  try {
    return readOpenFiles(readFileSync("/proc/self/limits", "latin1"))
  } catch {
    return Infinity
  }
}
