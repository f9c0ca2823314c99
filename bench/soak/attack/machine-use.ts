import os from "node:os"

/** Seconds of CPU that all cores spent on anything. */
export const cpuOfMachine = (): number =>
  os.cpus().reduce((all, { times: { user, nice, sys, irq } }) => all + user + nice + sys + irq, 0) / 1000

/** Seconds of CPU of this process. */
export function cpuOfThis(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
