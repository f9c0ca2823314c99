import { randomUUID } from "node:crypto"
import { createClient } from "redis"
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import { redis } from "rookery/redis"
import { Endpoint, MemoryCluster, MemoryHub, type Cluster } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { HAS_REDIS, RedisServer } from "../support/redis-server.js"

const TOPICS = 20
const CLIENTS_OF_TOPIC = 5
/** How many messages of each topic there are before the clients come back, and how many more meanwhile. */
const BEFORE = 50
const MEANWHILE = 10

let server: RedisServer | undefined
const undo: (() => unknown)[] = []
beforeAll(async () => {
  if (HAS_REDIS) server = await RedisServer.start()
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
afterAll(() => server?.[Symbol.asyncDispose]())

type Make = () => Promise<Cluster>

const ENGINES: [name: string, engine: () => Make][] = [
  [
    "of the same process",
    () => {
      const hub = new MemoryHub()
      return () => Promise.resolve(new MemoryCluster(hub))
    },
  ],
]
if (HAS_REDIS) {
  ENGINES.push([
    "Redis",
    () => {
      const prefix = randomUUID()
      return async () => {
        const client = createClient({ url: server?.url ?? "" })
        client.on("error", () => {})
        await client.connect()
        undo.push(() => client.destroy())
        return redis(client, { prefix })
      }
    },
  ])
}

async function endpoint(make: Make, heldHistoryBytes = Infinity): Promise<Endpoint> {
  const made = new Endpoint({ cluster: await make(), limits: { heldHistoryBytes }, logger: false })
  made.channel("log:*", { history: { size: 100, ttl: 600_000 } })
  undo.push(() => made.close({ deadlineMs: 100 }))
  await made.ready()
  return made
}

/** A client that comes back to a topic: the answer to its join, and the numbers of the messages that it got. */
class Returning {
  recovered: boolean | undefined
  epoch = ""
  readonly numbers: number[] = []

  async join(to: Endpoint, topic: string, recover: object): Promise<this> {
    const line = await to.connectInProcess({
      params: { vsn: "2.0.0" },
      frame: (frame) => {
        const [, , , event, payload] = JSON.parse(String(frame)) as [
          ...head: [unknown, unknown, unknown],
          string,
          never,
        ]
        if (event === "phx_reply") {
          const reply = (payload as { response: { recover: { recovered: boolean; epoch: string } } }).response.recover
          this.recovered = reply.recovered
          this.epoch = reply.epoch
        } else this.numbers.push((payload as { n: number }).n)
      },
      closed: () => {},
    })
    undo.push(() => line.close())
    line.send(JSON.stringify(["1", "1", topic, "phx_join", { recover }]))
    return this
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

describe.each(ENGINES)("a node without room for histories, and the engine %s", (_name, engine) => {
  it("has every client recovered by the engine, though all come back at once and messages go on", async () => {
    const make = engine()
    const [full, other] = [await endpoint(make, 1000), await endpoint(make)]
    const hits = vi.fn()
    full.on("limitHit", ({ limit }) => hits(limit))
    const topics = upTo(TOPICS).map((topic) => `log:${topic}`)
    const say = async (topic: string, n: number): Promise<void> => {
      await other.broadcast(topic, "said", { n, text: "x".repeat(100) })
    }
    for (const n of upTo(BEFORE)) await Promise.all(topics.map((topic) => say(topic, n)))
    const epochs = new Map<string, string>()
    for (const topic of topics) {
      const knows = await new Returning().join(other, topic, { id: "knows" })
      await vi.waitFor(() => expect(knows.epoch).not.toBe(""), PATIENCE)
      epochs.set(topic, knows.epoch)
    }
    const going = (async () => {
      for (let n = BEFORE + 1; n <= BEFORE + MEANWHILE; n++) await Promise.all(topics.map((topic) => say(topic, n)))
    })()
    const back = await Promise.all(
      upTo(CLIENTS_OF_TOPIC).flatMap((client) =>
        topics.map((topic) =>
          new Returning().join(full, topic, { id: `${client}`, epoch: epochs.get(topic), offset: client }),
        ),
      ),
    )
    await going
    const all = upTo(BEFORE + MEANWHILE)
    await vi.waitFor(() => {
      for (const [at, client] of back.entries()) {
        expect(client.recovered).toBe(true)
        expect(client.numbers).toEqual(all.slice(1 + Math.floor(at / TOPICS)))
      }
    }, PATIENCE)
    expect(hits).toHaveBeenCalledWith("heldHistoryBytes")
  })
})
