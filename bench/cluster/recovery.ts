import type { Round, Scenario } from "../harness/scenario.js"
import { now } from "../harness/stopwatch.js"
import type { Remote } from "../server/remote.js"
import { Line, textFrame } from "../server/line.js"
import { dialectOf, NUMBERED } from "../server/subjects.js"
import { Nest, topicOf } from "./nest.js"

const CLIENTS = 10_000
const MISSED = 100
/** The number of connections that are opened at once, because the listen queue of a server is limited. */
const CONNECTING = 100

const { path, shout, echo } = dialectOf(NUMBERED, "room", "")

const joinFrame = (topic: string, recover: object): Buffer =>
  textFrame(JSON.stringify(["1", "1", topic, "phx_join", { recover }]))

/** The offset at the end of a delivery, `…,42]`. */
function offsetOf(frame: Buffer): number {
  return Number(frame.toString("latin1", frame.lastIndexOf(0x2c) + 1, frame.length - 1))
}

/** Deliveries begin with `[null,null,…`, which no reply does. */
const isDelivery = (frame: Buffer): boolean => frame[1] === 0x6e

/** A client that stays connected: sends the messages that the others miss, and knows the offset of the topics. */
class Witness {
  readonly epochs = new Map<string, string>()
  readonly #line: Line
  readonly #topics: readonly string[]
  /** The offset of the newest message in every topic. */
  offset = 0

  private constructor(line: Line, topics: readonly string[]) {
    this.#line = line
    this.#topics = topics
  }

  static async open(port: number, topics: readonly string[]): Promise<Witness> {
    const line = await Line.open(port, path)
    const witness = new Witness(line, topics)
    line.inspect = (frame) => {
      const [, , topic, , answer] = JSON.parse(frame.toString()) as [
        ...head: [unknown, unknown, string, string],
        answer: { response: { recover: { epoch: string } } },
      ]
      witness.epochs.set(topic, answer.response.recover.epoch)
    }
    for (const topic of topics) line.send(joinFrame(topic, { id: "witness" }))
    await line.frames(topics.length)
    line.inspect = undefined
    return witness
  }

  /** Sends the messages to every topic, and receives all of them. */
  async tell(): Promise<void> {
    for (let i = 0; i < MISSED; i++) {
      this.#line.send(Buffer.concat(this.#topics.map((topic) => shout(topic))))
      await this.#line.frames(this.#topics.length)
    }
    this.offset += MISSED
  }
}

async function connected({ port }: Remote): Promise<Line[]> {
  const lines: Line[] = []
  while (lines.length < CLIENTS) {
    lines.push(...(await Promise.all(Array.from({ length: CONNECTING }, () => Line.open(port, path)))))
  }
  return lines
}

/** Joins, and receives the missed messages: each once, in order, and no others. */
async function recovered(line: Line, join: Buffer, seen: number): Promise<void> {
  let next = seen + 1
  line.inspect = (frame) => {
    if (isDelivery(frame) ? offsetOf(frame) === next : next === seen + 1 && frame.includes('"recovered":true')) {
      if (isDelivery(frame)) next++
    } else throw new Error(`${frame.toString()} came where ${next} was missing`)
  }
  line.send(join)
  await line.frames(1 + MISSED)
  if (next !== seen + MISSED + 1) throw new Error(`a client has heard ${next - seen - 1} messages`)
  line.inspect = undefined
}

/** Checks that the answer to a push comes next, without a repeated message before it. */
async function nothingMore(line: Line, topic: string): Promise<void> {
  let got: Buffer | undefined
  line.inspect = (frame) => (got = Buffer.from(frame))
  line.send(echo(topic))
  await line.frames(1)
  if (got?.includes("phx_reply") !== true) throw new Error(`${String(got)} came after all that was missing`)
}

export const recovery: Scenario = {
  name: "recovery",
  title: "Cluster: 10,000 clients come back to one node of two at once, and get the 100 messages that they missed",
  subjects: [NUMBERED],
  caseTitle: "they are in",
  cases: ["1 topic", "100 topics"],
  metrics: {
    "time to connect": "ns",
    "time to recover": "ns",
    messages: "a second",
    "CPU a message": "ns",
    "heap of a client": "bytes",
    "RSS growth": "bytes",
    "node's memory of a message": "bytes",
    "Redis memory of a message": "bytes",
    "Redis commands": "commands",
  },
  launches: 3,
  warmUp: 0,
  // Each process runs one round, because an earlier round would count in its memory.
  rounds: 1,

  async prepare(subject, of): Promise<Round> {
    const nest = await Nest.start(subject, 2)
    const [first, second] = nest.remotes as [Remote, Remote]
    const topics = Array.from({ length: Number.parseInt(of, 10) }, (_, i) => topicOf(subject, String(i)))
    const witness = await Witness.open(first.port, topics)
    return async () => {
      const seen = witness.offset
      const nodeBefore = await first.usage("settled usage")
      const { memory } = await nest.redis.usage()
      await witness.tell()
      const kept = (await nest.redis.usage()).memory - memory
      const nodeKept = (await first.usage("settled usage")).memory - nodeBefore.memory
      const messages = MISSED * topics.length
      const connecting = now()
      const lines = await connected(second)
      const timeToConnect = now() - connecting

      const joins = lines.map((_, i) => {
        const topic = topics[i % topics.length] ?? ""
        return joinFrame(topic, { id: `client-${i}`, epoch: witness.epochs.get(topic), offset: seen })
      })
      const before = await second.usage("settled usage")
      const redisBefore = await nest.redis.usage()
      const started = now()
      await Promise.all(lines.map((line, i) => recovered(line, joins[i] as Buffer, seen)))
      const took = now() - started
      const after = await second.usage()
      const redisAfter = await nest.redis.usage()
      const settled = await second.usage("settled usage")

      await Promise.all(lines.map((line, i) => nothingMore(line, topics[i % topics.length] ?? "")))
      await Promise.all(lines.map((line) => line.close()))
      return {
        "time to connect": timeToConnect,
        "time to recover": took,
        messages: (CLIENTS * MISSED) / (took / 1e9),
        "CPU a message": (after.cpu - before.cpu) / (CLIENTS * MISSED),
        "heap of a client": (settled.memory - before.memory) / CLIENTS,
        "RSS growth": after.rss - before.rss,
        // With few messages the memory of one would be lost in the noise.
        ...(topics.length > 1 && {
          "node's memory of a message": nodeKept / messages,
          "Redis memory of a message": kept / messages,
        }),
        "Redis commands": redisAfter.commands - redisBefore.commands,
      }
    }
  },
}
