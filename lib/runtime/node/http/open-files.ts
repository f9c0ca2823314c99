import { readFileSync } from "node:fs"

/** Reads the soft limit of open files from the text of `/proc/self/limits`; `Infinity` if there is none. */
export function readOpenFiles(limits: string): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
  return soft === undefined ? Infinity : Number(soft)
}

/** The number of files and connections that the process may have open; `Infinity` if it is not known. */
export function openFiles(): number {
  try {
    return readOpenFiles(readFileSync("/proc/self/limits", "latin1"))
  } catch {
    return Infinity
  }
}
