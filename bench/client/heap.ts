import type { Scenario } from "../harness/scenario.js"
import { collectGarbage } from "../harness/stopwatch.js"
import { connect, LIBRARIES } from "./library.js"
import { Peer } from "./peer.js"
import { topics } from "./topics.js"

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await nextTurn()
  }
  return process.memoryUsage().heapUsed
}

const handler = (): void => {}

export const heap: Scenario = {
  name: "heap",
  title: "Heap of one joined room with one handler, without its topic and its handler",
  subjects: LIBRARIES,
  caseTitle: "rooms",
  cases: ["10000"],
  metrics: { room: "bytes of heap" },
  launches: 5,
  warmUp: 0,
  // A heap is measured once in each process, because earlier rounds would leave objects in it.
  rounds: 1,

  async prepare(library, of) {
    const peer = new Peer()
    const socket = await connect(library, peer)
    const names = topics(Number(of))
    // The code, shapes and tables that the engine makes for the first room do not count.
    const first = socket.channel("room:first")
    first.on("new_msg", handler)
    first.join()
    await peer.answered(1)

    return async () => {
      const before = await heapUsed()
      for (const topic of names) {
        const channel = socket.channel(topic)
        channel.on("new_msg", handler)
        channel.join()
      }
      await peer.answered(names.length)
      const after = await heapUsed()
      if (first.state !== "joined") throw new Error("the first room was lost")
      return { room: (after - before) / names.length }
    }
  },

  goals(median) {
    return [
      {
        text: "heap of a joined room",
        measured: median("rookery", "10000", "room"),
        bound: "at most",
        limit: 1200,
        unit: "bytes of heap",
      },
    ]
  },
}
