import type { Scenario } from "../harness/scenario.js"
import { Line } from "./line.js"
import { Remote } from "./remote.js"
import { dialectOf, SUBJECTS } from "./subjects.js"

const ROOMS = 200

export const memory: Scenario = {
  name: "memory",
  title: "Server: memory of an idle connection with one joined channel",
  subjects: SUBJECTS,
  caseTitle: "connections",
  cases: ["2000"],
  metrics: { "heap and buffers": "bytes", heap: "bytes", rss: "bytes" },
  launches: 5,
  warmUp: 0,
  // Each process runs one round, because an earlier round would count in its memory.
  rounds: 1,

  async prepare(subject, of) {
    const remote = await Remote.start(subject)
    const open = async (room: string): Promise<void> => {
      const dialect = dialectOf(subject, "room", room)
      const line = await Line.open(remote.port, dialect.path)
      await dialect.enter(line, room)
    }
    // The engine's code, shapes and tables, and the rooms themselves, are no cost of a connection.
    for (let i = 0; i < ROOMS; i++) await open(`room:${i}`)
    return async () => {
      const before = await remote.usage("settled usage")
      const count = Number(of)
      for (let i = 0; i < count; i++) await open(`room:${i % ROOMS}`)
      const after = await remote.usage("settled usage")
      return {
        "heap and buffers": (after.memory - before.memory) / count,
        heap: (after.heap - before.heap) / count,
        rss: (after.rss - before.rss) / count,
      }
    }
  },

  goals(median) {
    const of = "2000"
    const metric = "heap and buffers"
    return [
      {
        text: "memory of a connection with a channel against socket.io",
        measured: median("rookery", of, metric) / median("socket.io", of, metric),
        bound: "at most",
        limit: 1,
      },
    ]
  },
}
