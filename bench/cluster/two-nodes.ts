import type { Goal, Medians, Round, Scenario } from "../harness/scenario.js"
import { driven } from "../server/flat-out.js"
import { Room } from "../server/room.js"
import { NUMBERED } from "../server/subjects.js"
import { Nest, topicOf, WORK_METRICS } from "./nest.js"

const STREAMS = "socket.io streams"

/** The messages in flight, and the sockets at each node. */
const CASES: Readonly<Record<string, readonly [inFlight: number, sockets: number]>> = {
  "1 in flight": [1, 100],
  "10 in flight": [10, 100],
  "100 in flight": [100, 100],
  "10 in flight, 1 socket a node": [10, 1],
}

function goals(median: Medians, subject: string, of: string): Goal {
  const measured = median(subject, of, "deliveries") / median(STREAMS, of, "deliveries")
  return {
    text: `two nodes, ${of}: deliveries of ${subject} against ${STREAMS}`,
    measured,
    bound: "at least",
    limit: 1.3,
  }
}

export const twoNodes: Scenario = {
  name: "two-nodes",
  title: "Cluster: 100 sockets of one topic at each of two nodes over one Redis, one sender",
  subjects: ["rookery", NUMBERED, STREAMS, "socket.io pub/sub"],
  caseTitle: "sender",
  cases: Object.keys(CASES),
  metrics: WORK_METRICS,
  launches: 2,
  warmUp: 3,
  rounds: 5,

  async prepare(subject, of): Promise<Round> {
    const [inFlight, sockets] = CASES[of] ?? [1, 1]
    const nest = await Nest.start(subject, 2)
    const room = await Room.open(nest.remotes, subject, topicOf(subject, "lobby"), 2 * sockets)
    return () =>
      nest.measure(async () => {
        const { deliveries, took } = await driven([room], inFlight)
        return { publishes: deliveries / (2 * sockets), deliveries, took }
      })
  },

  goals: (median) =>
    Object.keys(CASES).flatMap((of) => ["rookery", NUMBERED].map((subject) => goals(median, subject, of))),
}
