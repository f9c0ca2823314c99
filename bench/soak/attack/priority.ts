import { writeFileSync } from "node:fs"

/** The niceness of the measured processes, and that of the attackers; all other programs of the machine have 0. */
export const FIRST = -20
export const SECOND = -10

/** Sets the priority of this process's session, on systems that schedule by sessions. */
export function weighSession(niceness: number): void {
  try {
    writeFileSync("/proc/self/autogroup", String(niceness))
  } catch {
    // Some systems lack this file, or do not allow the change.
  }
}
