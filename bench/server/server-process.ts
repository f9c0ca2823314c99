import { collectGarbage } from "../harness/stopwatch.js"
import { NODES } from "../cluster/nodes.js"
import { SERVERS } from "./servers.js"

/** The usage of a server. */
export interface Usage {
  /** The CPU time of all cores since its start, in nanoseconds. */
  readonly cpu: number
  /** The part of it outside the kernel. */
  readonly user: number
  /** The bytes on the heap and outside of it, with buffers. */
  readonly memory: number
  readonly heap: number
  readonly rss: number
}

/** A question to a server's process. */
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
// An exit in good order writes the profile, if there is one.
process.once("SIGTERM", () => process.exit())

const [, , name = "", redis] = process.argv
const start = redis === undefined ? SERVERS[name] : NODES[name]
if (start === undefined) throw new Error(`no server ${name}`)
process.send?.(await start(redis ?? ""))
