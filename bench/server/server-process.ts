import { collectGarbage } from "../harness/stopwatch.js"
import { NODES } from "../cluster/nodes.js"
import { SERVERS } from "./servers.js"

/** What a server tells of itself. */
export interface Usage {
  /** Nanoseconds of all cores, since its start. */
  readonly cpu: number
  /** Of these, those that were not the kernel's. */
  readonly user: number
  /** Bytes on the heap and those it holds outside, in buffers too. */
  readonly memory: number
  readonly heap: number
  readonly rss: number
}

/** What it is asked. */
export type Question = "usage" | "settled usage"

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    collectGarbage()
    await nextTurn()
  }
}

process.on("message", async (question: Question) => {
  if (question === "settled usage") await settle()
  const { user, system } = process.cpuUsage()
  const { heapUsed, external, rss } = process.memoryUsage()
  // `external` counts the buffers already.
  const cpu = (user + system) * 1000
  process.send?.({ cpu, user: user * 1000, memory: heapUsed + external, heap: heapUsed, rss } satisfies Usage)
})
process.once("disconnect", () => process.exit())
// In good order, or a profile that was asked for would not be written.
process.once("SIGTERM", () => process.exit())

const [, , name = "", redis] = process.argv
const start = redis === undefined ? SERVERS[name] : NODES[name]
if (start === undefined) throw new Error(`no server ${name}`)
process.send?.(await start(redis ?? ""))
