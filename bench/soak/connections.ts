import { setTimeout as wait } from "node:timers/promises"
import { cycle, emptied, handles, pushes, startServer, type Server } from "../../spec/hostile/long/connections.js"
import { Chance } from "../../spec/hostile/random.js"
import { inMebibytes, usedBytes } from "./heap.js"
import type { Row, Soak } from "./soak.js"

/** The bytes that may be left of ten thousand connections or of a million pushes: less is noise. */
const MOST_KEPT = 4 * 2 ** 20
const PUSHES_PER_CYCLE = 100

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((all, one) => all + one, 0)

/** The usage once all clients are gone and everything that is kept for a while has expired. */
async function settled(server: Server): Promise<{ bytes: number; handles: Record<string, number> }> {
  if (!(await emptied(server)))
    throw new Error(`somebody is still there: ${JSON.stringify(server.endpoint.counters())}`)
  // A closing connection needs a few more turns of the system.
  await wait(2000)
  return { bytes: await usedBytes(), handles: handles() }
}

function kept(tried: string, before: Awaited<ReturnType<typeof settled>>, after: typeof before): Row[] {
  const bytes = after.bytes - before.bytes
  const more = sum(after.handles) - sum(before.handles)
  return [
    { tried: `memory after ${tried}`, times: 1, lost: 0, gotIn: bytes > MOST_KEPT ? 1 : 0, seen: inMebibytes(bytes) },
    {
      tried: `handles after ${tried}`,
      times: 1,
      lost: 0,
      gotIn: Math.max(0, more),
      seen: JSON.stringify(after.handles),
    },
  ]
}

/** Many connections over real sockets, and many pushes. */
export const connections: Soak = {
  name: "connections",
  title: "connections that come and go, and pushes on one of them, with flat memory",
  async run({ seed, count = 10_000 }) {
    const server = await startServer()
    const chance = new Chance(seed)
    try {
      const rows: Row[] = []
      let done = 0
      let answered = 0
      const cycles = async (until: number): Promise<void> => {
        while (done < until) {
          const answers = await cycle(server, done++, chance)
          answered += answers
        }
      }
      // The code, shapes, tables and rooms are no cost of a connection.
      const warm = Math.ceil(count / 5)
      await Promise.all([cycles(warm), cycles(warm), cycles(warm), cycles(warm)])
      const before = await settled(server)
      await Promise.all([cycles(count), cycles(count), cycles(count), cycles(count)])
      const after = await settled(server)
      const seen = "by websocket and long-poll; destroyed, disconnected, left, closed by the server"
      rows.push({ tried: "connections", times: done, lost: 3 * done - answered, gotIn: 0, seen })
      rows.push(...kept("connections", before, after))

      const many = count * PUSHES_PER_CYCLE
      const first = await pushes(server, many / 10)
      const quiet = await settled(server)
      const second = await pushes(server, many - many / 10)
      rows.push({
        tried: "pushes",
        times: many,
        lost: many - first - second,
        gotIn: 0,
        seen: "each with its own answer",
      })
      rows.push(...kept("pushes", quiet, await settled(server)))
      const errors = server.errors.length
      rows.push({
        tried: "errors of the endpoint",
        times: 1,
        lost: 0,
        gotIn: errors,
        seen: String(server.errors[0] ?? "none"),
      })
      return rows
    } finally {
      await server.close()
    }
  },
}
