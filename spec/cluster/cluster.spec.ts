import { randomUUID } from "node:crypto"
import { createClient, createCluster } from "redis"
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import { redis } from "rookery/redis"
import { MemoryCluster, MemoryHub, type Cluster, type PresenceRecord } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { HAS_REDIS, HAS_REDIS_CLUSTER, RedisServer } from "../support/redis-server.js"
import { RedisShards } from "../support/redis-shards.js"
import { message, SeenNode, text } from "../support/seen-node.js"

const HISTORY = { size: 5, ttl: 60_000 }

interface Backend {
  node(): Promise<Cluster>
}

let server: RedisServer | undefined
let shards: RedisShards | undefined
const clients: { destroy(): void }[] = []
beforeAll(async () => {
  if (HAS_REDIS) server = await RedisServer.start()
  if (HAS_REDIS_CLUSTER) shards = await RedisShards.start()
})
afterAll(async () => {
  for (const client of clients) client.destroy()
  await server?.[Symbol.asyncDispose]()
  await shards?.[Symbol.asyncDispose]()
})

const BACKENDS: [name: string, make: () => Backend][] = [
  [
    "in memory",
    () => {
      const hub = new MemoryHub()
      return { node: async () => new MemoryCluster(hub) }
    },
  ],
]
for (const RESP of HAS_REDIS ? ([2, 3] as const) : []) {
  BACKENDS.push([
    `over Redis with RESP ${RESP}`,
    () => {
      const prefix = randomUUID()
      return {
        async node() {
          const client = createClient({ url: server?.url ?? "", RESP })
          client.on("error", () => {})
          await client.connect()
          clients.push(client)
          return redis(client, { prefix, leaseMs: 1500 })
        },
      }
    },
  ])
}
for (const RESP of HAS_REDIS_CLUSTER ? ([2, 3] as const) : []) {
  BACKENDS.push([
    `over a Redis Cluster with RESP ${RESP}`,
    () => {
      const prefix = randomUUID()
      return {
        async node() {
          const client = createCluster({ rootNodes: shards?.urls.map((url) => ({ url })) ?? [], RESP })
          return redis(client, { prefix, leaseMs: 1500 })
        },
      }
    },
  ])
}

const started: Cluster[] = []
afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.close()
})

async function nodes(backend: Backend, count: number): Promise<{ cluster: Cluster; seen: SeenNode }[]> {
  const made = []
  for (let i = 0; i < count; i++) {
    const cluster = await backend.node()
    const seen = new SeenNode()
    await cluster.start(seen)
    started.push(cluster)
    made.push({ cluster, seen })
  }
  return made
}

type Node = { cluster: Cluster; seen: SeenNode }

describe.each(BACKENDS)("a cluster %s", (_name, make) => {
  it("tells the other nodes that listen, and nobody else", async () => {
    const [a, b, c] = (await nodes(make(), 3)) as [Node, Node, Node]
    await a.cluster.subscribe("t")
    await b.cluster.subscribe("t")
    await c.cluster.subscribe("other")
    await a.cluster.publish("t", message("one"))
    await b.cluster.publish("t", message("two"))
    await vi.waitFor(() => expect([a.seen.delivered, b.seen.delivered]).toEqual([["t two"], ["t one"]]), PATIENCE)
    expect(c.seen.delivered).toEqual([])
    b.cluster.unsubscribe("t")
    await a.cluster.subscribe("u")
    await b.cluster.subscribe("u")
    await a.cluster.publish("t", message("gone"))
    await a.cluster.publish("u", message("there"))
    await vi.waitFor(() => expect(b.seen.delivered).toEqual(["t one", "u there"]), PATIENCE)
  })

  it("numbers what is appended in one order, and tells all nodes, the own one too", async () => {
    const [a, b] = (await nodes(make(), 2)) as [Node, Node]
    await Promise.all([a.cluster.subscribe("t"), b.cluster.subscribe("t")])
    const positions = []
    for (let i = 0; i < 6; i++) positions.push(await [a, b][i % 2]?.cluster.append("t", message(`m${i}`), HISTORY))
    expect(positions.map((position) => position?.offset)).toEqual([1, 2, 3, 4, 5, 6])
    expect(new Set(positions.map((position) => position?.epoch)).size).toBe(1)
    const all = [0, 1, 2, 3, 4, 5].map((i) => `t ${i + 1} m${i}`)
    await vi.waitFor(() => expect([a.seen.numbered, b.seen.numbered]).toEqual([all, all]), PATIENCE)
    expect([a.seen.lostTopics, b.seen.lostTopics]).toEqual([[], []])
  })

  it("appends what has a name once, whoever does it again", async () => {
    const [a, b] = (await nodes(make(), 2)) as [Node, Node]
    await b.cluster.subscribe("t", HISTORY)
    const first = await a.cluster.append("t", message("one"), HISTORY, "name")
    const again = await b.cluster.append("t", message("other"), HISTORY, "name")
    expect(again).toEqual(first)
    expect((await a.cluster.append("t", message("two"), HISTORY, "another name")).offset).toBe(2)
    expect((await a.cluster.append("u", message("three"), HISTORY, "name")).offset).toBe(1)
    await vi.waitFor(() => expect(b.seen.numbered).toEqual(["t 1 one", "t 2 two"]), PATIENCE)
  })

  it("gives back what it keeps, and says what it does not", async () => {
    const [a] = (await nodes(make(), 1)) as [Node]
    const empty = await a.cluster.history("t", HISTORY, undefined, 10)
    expect(empty).toMatchObject({ newest: 0, complete: true, messages: [] })
    for (let i = 1; i <= 7; i++) await a.cluster.append("t", message(`m${i}`), HISTORY)
    const read = async (after: number | undefined, limit = 10): Promise<unknown> => {
      const { epoch, newest, complete, messages } = await a.cluster.history("t", HISTORY, after, limit)
      expect([epoch, newest]).toEqual([empty.epoch, 7])
      return [complete, messages.map(({ offset, body }) => `${offset} ${text(body)}`).join(",")]
    }
    expect(await read(undefined)).toEqual([true, "3 m3,4 m4,5 m5,6 m6,7 m7"])
    expect(await read(undefined, 2)).toEqual([true, "6 m6,7 m7"])
    expect(await read(5)).toEqual([true, "6 m6,7 m7"])
    expect(await read(2, 1)).toEqual([true, "3 m3"])
    expect(await read(7)).toEqual([true, ""])
    expect((await a.cluster.history("t", HISTORY, 1, 10)).complete).toBe(false)
    expect((await a.cluster.history("t", HISTORY, 8, 10)).complete).toBe(false)
  })

  it("shows the presences of other nodes, at once to who comes, and takes them away with their node", async () => {
    const [a, b] = (await nodes(make(), 2)) as [Node, Node]
    const record = (ref: string, key: string): PresenceRecord => ({ ref, key, meta: { phx_ref: ref, name: key } })
    await a.cluster.subscribe("t")
    a.cluster.changePresence("t", { joins: [record("r1", "ada")], leaves: [] })
    await vi.waitFor(async () => {
      await b.cluster.subscribe("t")
      expect(b.seen.keys).toEqual(["ada"])
    }, PATIENCE)
    expect(b.seen.here.get("r1")).toEqual({ ...record("r1", "ada"), topic: "t" })
    b.cluster.changePresence("t", { joins: [record("r2", "bob"), record("r3", "cleo")], leaves: [] })
    b.cluster.changePresence("t", { joins: [record("r4", "bob")], leaves: ["r2"] })
    await vi.waitFor(() => expect([...a.seen.here.keys()].sort()).toEqual(["r3", "r4"]), PATIENCE)
    started.splice(started.indexOf(b.cluster), 1)
    await b.cluster.close()
    await vi.waitFor(() => expect(a.seen.keys).toEqual([]), PATIENCE)
  })

  it("tells commands to all others", async () => {
    const [a, b, c] = (await nodes(make(), 3)) as [Node, Node, Node]
    await a.cluster.command(Buffer.from("go"))
    await vi.waitFor(() => expect([b.seen.commands, c.seen.commands]).toEqual([["go"], ["go"]]), PATIENCE)
    expect(a.seen.commands).toEqual([])
    expect(await b.cluster.nodes()).toBe(3)
  })

  it("gives the right to do something once, and the answer to all who ask later", async () => {
    const [a, b] = (await nodes(make(), 2)) as [Node, Node]
    expect(await a.cluster.claim("k", 10_000)).toEqual({ kind: "new" })
    expect(await b.cluster.claim("k", 10_000)).toEqual({ kind: "pending" })
    await a.cluster.settle("k", Buffer.from("done"), 10_000)
    const settled = await b.cluster.claim("k", 10_000)
    expect(settled.kind === "settled" && Buffer.from(settled.answer).toString()).toBe("done")
    await a.cluster.claim("l", 10_000)
    await a.cluster.release("l")
    expect(await b.cluster.claim("l", 10_000)).toEqual({ kind: "new" })
  })

  it("leaves a claim with its node for as long as that renews it, and nobody else can", async () => {
    const [a, b] = (await nodes(make(), 2)) as [Node, Node]
    await a.cluster.claim("renewed", 4000)
    await a.cluster.renew("renewed", 60_000)
    await a.cluster.claim("mine", 4000)
    await b.cluster.renew("mine", 60_000)
    const over = async (): Promise<void> => expect(await b.cluster.claim("mine", 60_000)).toEqual({ kind: "new" })
    await vi.waitFor(over, PATIENCE)
    expect(await b.cluster.claim("renewed", 60_000)).toEqual({ kind: "pending" })
    await a.cluster.release("mine")
    expect(await a.cluster.claim("mine", 60_000)).toEqual({ kind: "pending" })
  })

  it("keeps an answer, though its node renews or releases the claim afterwards", async () => {
    const [a] = (await nodes(make(), 1)) as [Node]
    await a.cluster.claim("k", 60_000)
    await a.cluster.settle("k", Buffer.from("done"), 60_000)
    await a.cluster.renew("k", 60_000)
    await a.cluster.release("k")
    expect((await a.cluster.claim("k", 60_000)).kind).toBe("settled")
  })
})

it("takes nothing for a client of Redis that is none", () => {
  const other = { isReady: true, isOpen: true } as never
  expect(() => redis(other)).toThrow(expect.objectContaining({ code: "bad_option" }))
  expect(() => redis(undefined as never)).toThrow(expect.objectContaining({ code: "bad_option" }))
})
