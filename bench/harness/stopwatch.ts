/** Nanoseconds since any fixed moment. */
export const now = (): number => performance.now() * 1e6

/** A full collection, so that a round starts without the garbage of the one before. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc")
  globalThis.gc()
}

// Long against what the clock and a pause of the machine add, short enough for many rounds.
const ROUND_NS = 80e6

/** Nanoseconds that one call takes, from as many calls as fill a round. `at` counts on over all of them. */
export function perCall(call: (at: number) => void): () => number {
  let at = 0
  const run = (count: number): number => {
    const started = now()
    for (let i = 0; i < count; i++) call(at++)
    return (now() - started) / count
  }
  let count = 64
  while (count * run(count) < ROUND_NS / 2) count *= 2
  return () => {
    collectGarbage()
    return run(count)
  }
}
