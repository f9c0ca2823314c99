import type { Goal, Round, Scenario } from "../harness/scenario.js"
import { driven } from "../server/flat-out.js"
import { Room } from "../server/room.js"
import { NUMBERED } from "../server/subjects.js"
import { Nest, topicOf, WORK_METRICS } from "./nest.js"

const NODES = [1, 2, 4, 8]
const MANY = 4000
const FEW = 8

const BUSY = 100

const caseOf = (nodes: number, sockets: number, inFlight = 1): string =>
  `${nodes} ${nodes === 1 ? "node" : "nodes"}, ${sockets} sockets${inFlight === 1 ? "" : `, ${inFlight} in flight`}`

/** The publishes of a round, by the number of sockets. One node has as many as eight, so that the code runs as often. */
const PUBLISHES: Readonly<Record<number, number>> = { [MANY]: 50, [FEW]: 1000 }

const FLAT = 1.5
/** The time that each further node may add to a publish: it wakes up, reads the message, and looks up the receivers. */
const NODE_MORE_NS = 150_000

export const growthByNodes: Scenario = {
  name: "growth-by-nodes",
  title:
    "Cluster: CPU of all nodes, the sockets of one topic spread over 1 to 8 nodes (1 publish in flight if not said)",
  subjects: ["rookery", NUMBERED],
  caseTitle: "in all",
  cases: [
    ...NODES.map((nodes) => caseOf(nodes, MANY)),
    caseOf(1, FEW),
    caseOf(8, FEW),
    caseOf(1, FEW, BUSY),
    caseOf(8, FEW, BUSY),
  ],
  metrics: WORK_METRICS,
  launches: 1,
  warmUp: 3,
  rounds: 5,

  async prepare(subject, of): Promise<Round> {
    const [nodes = 1, sockets = 1, inFlight = 1] = (of.match(/\d+/g) ?? []).map(Number)
    const nest = await Nest.start(subject, nodes)
    const room = await Room.open(nest.remotes, subject, topicOf(subject, "lobby"), sockets)
    return () =>
      nest.measure(async () => {
        const { deliveries, took } = await driven(
          [room],
          inFlight,
          (PUBLISHES[sockets] ?? 1) * (inFlight === 1 ? 1 : 10),
        )
        return { publishes: deliveries / sockets, deliveries, took }
      })
  },

  goals: (median) =>
    ["rookery", NUMBERED].flatMap((subject): Goal[] => {
      const cost = (nodes: number, sockets: number, metric: string): number =>
        median(subject, caseOf(nodes, sockets), metric)
      return [
        {
          text: `${subject}: CPU a delivery at 8 nodes against 1, ${MANY} sockets in all`,
          measured: cost(8, MANY, "CPU a delivery") / cost(1, MANY, "CPU a delivery"),
          bound: "at most",
          limit: FLAT,
        },
        {
          text: `${subject}: CPU that one node more with one socket adds to a publish`,
          measured: (cost(8, FEW, "CPU a publish") - cost(1, FEW, "CPU a publish")) / 7,
          bound: "at most",
          limit: NODE_MORE_NS,
          unit: "ns",
        },
      ]
    }),
}
