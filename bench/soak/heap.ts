import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** The bytes of the heap and of the buffers outside it, after a full garbage collection. */
export async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    // A promise or a closed handle frees its memory in a later turn.
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

export const inMebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
