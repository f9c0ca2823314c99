import { setTimeout as sleep } from "node:timers/promises"
import { PATIENCE } from "./patience.js"

/** Does something again and again until it does not fail, where no test runs that vitest would do it for. */
export async function until<T>(work: () => T | Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE.timeout
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(PATIENCE.interval)
    }
  }
}
