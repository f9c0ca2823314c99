import { writeFileSync } from "node:fs"

/** How soon the system runs those that are measured, and those that attack them; all else on the machine is at 0. */
export const FIRST = -20
export const SECOND = -10

/** Has the system take this process's session, of which it is alone, for one of so much weight, where it groups by them. */
export function weighSession(niceness: number): void {
  try {
    writeFileSync("/proc/self/autogroup", String(niceness))
  } catch {
    // Not every system does, and not everybody may.
  }
}
