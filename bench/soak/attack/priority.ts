import os from "node:os"

/** Has the system run this process before those of the attackers, and of whoever else uses the machine. */
export function beforeOthers(): void {
  try {
    os.setPriority(-20)
  } catch {
    // Not everybody may. The attackers let others go first all the same.
  }
}
