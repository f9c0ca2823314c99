import { draw, seeded } from "../harness/random.js"
import type { Goal, Round, Scenario } from "../harness/scenario.js"
import { now } from "../harness/stopwatch.js"
import { Line } from "../server/line.js"
import { dialectOf, NUMBERED } from "../server/subjects.js"
import { Nest, topicOf, WORK_METRICS, type Work } from "./nest.js"

const SOCKETS = 1000
const A_TOPIC = 10
const ROUND_NS = 400e6
const TOPICS = [1, 100, 1000, 10_000]
const FLAT = 1.5

const caseOf = (topics: number): string => (topics === 1 ? "1 topic" : `${topics} topics`)

/** The sender of a topic, and its frame. */
interface Sender {
  readonly line: Line
  readonly shout: Buffer
}

/** Joins ten sockets to each topic, five at each node. */
async function joined(lines: readonly Line[], subject: string, topics: number): Promise<Sender[]> {
  const dialect = dialectOf(subject, "room", "")
  const senders: Sender[] = []
  for (let topic = 0; topic < topics; topic++) {
    const name = topicOf(subject, String(topic))
    const first = (topic * A_TOPIC) % SOCKETS
    const members = lines.slice(first, first + A_TOPIC)
    await Promise.all(members.map((line) => dialect.enter(line, name)))
    senders.push({ line: members[0] as Line, shout: dialect.shout(name) })
  }
  return senders
}

/** Sends one message after the other, each to a random topic. */
function drive(lines: readonly Line[], senders: readonly Sender[], random: () => number): Promise<Work> {
  const started = now()
  let publishes = 0
  let deliveries = 0
  return new Promise((resolve) => {
    const shout = (): void => {
      const { line, shout } = draw(senders, random)
      publishes++
      line.send(shout)
    }
    const heard = (count: number): void => {
      deliveries += count
      if (deliveries < publishes * A_TOPIC) return
      if (deliveries > publishes * A_TOPIC) throw new Error("more was delivered than there are members")
      const took = now() - started
      if (took < ROUND_NS) return shout()
      for (const line of lines) {
        line.onFrames = undefined
        line.forget()
      }
      resolve({ publishes, deliveries, took })
    }
    for (const line of lines) line.onFrames = heard
    shout()
  })
}

export const growthByTopics: Scenario = {
  name: "growth-by-topics",
  title: "Cluster: 1,000 sockets at two nodes, 10 in each topic, 1 publish in flight, in topics drawn at random",
  subjects: ["rookery", NUMBERED],
  caseTitle: "topics",
  cases: TOPICS.map(caseOf),
  metrics: WORK_METRICS,
  launches: 1,
  warmUp: 3,
  rounds: 7,

  async prepare(subject, of): Promise<Round> {
    const nest = await Nest.start(subject, 2)
    const { path } = dialectOf(subject, "room", "")
    const lines: Line[] = []
    for (let i = 0; i < SOCKETS; i++) lines.push(await Line.open(nest.remotes[i % 2]?.port ?? 0, path))
    const senders = await joined(lines, subject, Number.parseInt(of, 10))
    const random = seeded()
    return () => nest.measure(() => drive(lines, senders, random))
  },

  goals: (median) =>
    ["rookery", NUMBERED].map((subject): Goal => {
      const cost = (topics: number): number => median(subject, caseOf(topics), "CPU a delivery")
      return {
        text: `${subject}: CPU a delivery over 10,000 topics against 1`,
        measured: cost(10_000) / cost(1),
        bound: "at most",
        limit: FLAT,
      }
    }),
}
