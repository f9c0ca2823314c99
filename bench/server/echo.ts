import type { Scenario } from "../harness/scenario.js"
import { now } from "../harness/stopwatch.js"
import { Line } from "./line.js"
import { Remote } from "./remote.js"
import { dialectOf, WITH_PARTS } from "./subjects.js"

const ROUND_NS = 400e6
const ROOM = "room:echo"

/** Keeps a number of pushes in flight, and counts their answers. */
function drive(line: Line, push: Buffer, inFlight: number, until: number): Promise<number> {
  // The pushes that follow answers of one chunk are one write, so that the load does not slow the server.
  const pushes = Buffer.concat(Array.from({ length: inFlight }, () => push))
  return new Promise((resolve) => {
    let sent = inFlight
    let answered = 0
    line.onFrames = (count) => {
      answered += count
      if (now() < until) {
        sent += count
        line.send(pushes.subarray(0, count * push.length))
      } else if (answered === sent) {
        line.onFrames = undefined
        line.forget()
        resolve(answered)
      }
    }
    line.send(pushes)
  })
}

export const echo: Scenario = {
  name: "echo",
  title: "Server: a push and its reply on one socket (the bare loop parses nothing, it sends back what came)",
  subjects: WITH_PARTS.filter((subject) => !subject.includes("prepared") && subject !== "ws, both"),
  caseTitle: "in flight",
  cases: ["1", "100"],
  metrics: { answers: "a second", "CPU an answer": "ns", "time an answer": "ns" },
  launches: 2,
  warmUp: 4,
  rounds: 11,

  async prepare(subject, of) {
    const remote = await Remote.start(subject)
    const dialect = dialectOf(subject, "echo", ROOM)
    const line = await Line.open(remote.port, dialect.path)
    await dialect.enter(line, ROOM)
    const push = dialect.echo(ROOM)
    const inFlight = Number(of)
    return async () => {
      const before = await remote.usage("settled usage")
      const started = now()
      const answers = await drive(line, push, inFlight, started + ROUND_NS)
      const took = now() - started
      const after = await remote.usage()
      return {
        answers: answers / (took / 1e9),
        "CPU an answer": (after.cpu - before.cpu) / answers,
        ...(inFlight === 1 && { "time an answer": took / answers }),
      }
    }
  },

  goals(median) {
    const ratio = (of: string, metric: string, peer: string): number =>
      median("rookery", of, metric) / median(peer, of, metric)
    return [
      {
        text: "echo, 100 in flight: answers against the bare loop",
        measured: ratio("100", "answers", "ws"),
        bound: "at least",
        limit: 0.85,
      },
      {
        text: "echo, 100 in flight: answers against socket.io's acknowledgements",
        measured: ratio("100", "answers", "socket.io"),
        bound: "at least",
        limit: 1.3,
      },
      {
        text: "echo, 1 in flight: latency against socket.io",
        measured: ratio("1", "time an answer", "socket.io"),
        bound: "at most",
        limit: 1,
      },
    ]
  },
}
