/** Nanoseconds since an arbitrary moment, to time work of microseconds. */
export const now = (): number => performance.now() * 1e6

/**
 * Nanoseconds of CPU time of this process, its garbage collector included. Work of other processes on the machine
 * does not count, which makes two runs alike.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1e3
}

/** A full collection, so that a round starts without the garbage of the one before. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc")
  globalThis.gc()
}

// Long against the grain of the clock and the pauses of the collector, short enough for many rounds.
const ROUND_NS = 80e6

/** Nanoseconds that one call takes, from as many calls as fill a round. `at` counts on over all of them. */
export function perCall(call: (at: number) => void): () => number {
  let at = 0
  const run = (count: number): number => {
    const started = cpuTime()
    for (let i = 0; i < count; i++) call(at++)
    return (cpuTime() - started) / count
  }
  let count = 64
  while (count * run(count) < ROUND_NS / 2) count *= 2
  return () => {
    collectGarbage()
    return run(count)
  }
}
