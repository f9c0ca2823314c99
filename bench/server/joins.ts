import type { Scenario } from "../harness/scenario.js"
import { now } from "../harness/stopwatch.js"
import { Line } from "./line.js"
import { Remote } from "./remote.js"
import { dialectOf, SUBJECTS } from "./subjects.js"

const SOCKETS = 100
const ROOMS = 90

export const joins: Scenario = {
  name: "joins",
  title: "Server: 100 sockets join 90 topics each, all at once (the bare loop parses, adds to a Set and answers)",
  subjects: SUBJECTS,
  caseTitle: "joins",
  cases: ["9000"],
  metrics: { joins: "a second", "CPU a join": "ns" },
  launches: 2,
  warmUp: 3,
  rounds: 9,

  async prepare(subject) {
    const remote = await Remote.start(subject)
    const dialect = dialectOf(subject, "join", "room:first")
    const lines: Line[] = []
    for (let i = 0; i < SOCKETS; i++) {
      const line = await Line.open(remote.port, dialect.path)
      await dialect.enter(line, "room:first")
      lines.push(line)
    }
    const rooms = Array.from({ length: ROOMS }, (_, i) => `room:${i}`)
    const join = Buffer.concat(rooms.map((room) => dialect.join(room)))
    const leave = Buffer.concat(rooms.map((room) => dialect.leave(room)))
    const everybody = async (frames: Buffer, answers: number): Promise<void> => {
      for (const line of lines) line.send(frames)
      await Promise.all(lines.map((line) => line.frames(answers)))
    }
    return async () => {
      const before = await remote.usage("settled usage")
      const started = now()
      await everybody(join, ROOMS)
      const took = now() - started
      const after = await remote.usage()
      await everybody(leave, ROOMS * dialect.leaveAnswers)
      const count = SOCKETS * ROOMS
      return { joins: count / (took / 1e9), "CPU a join": (after.cpu - before.cpu) / count }
    }
  },
}
