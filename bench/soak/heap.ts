import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** The heap and the buffers outside it, in bytes, once everything that nobody holds has gone. */
export async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    // What a promise or a closed handle still holds goes in a later turn.
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export const inMebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
