import os from "node:os"

/** The CPU time of all cores for all programs, in seconds. */
export const cpuOfMachine = (): number =>
  os.cpus().reduce((all, { times: { user, nice, sys, irq } }) => all + user + nice + sys + irq, 0) / 1000

/** The CPU time of this process, in seconds. */
export function cpuOfThis(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
