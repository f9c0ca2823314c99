import { randomUUID } from "node:crypto"
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import { redis } from "rookery/redis"
import type { Cluster, PresenceRecord } from "rookery/server"
import { PATIENCE } from "../support/patience.js"
import { HAS_REDIS_CLUSTER, type RedisServer } from "../support/redis-server.js"
import { RedisShards } from "../support/redis-shards.js"
import { message, SeenNode } from "../support/seen-node.js"

const HISTORY = { size: 10_000, ttl: 60_000 }

const record = (ref: string, key: string): PresenceRecord => ({ ref, key, meta: { phx_ref: ref } })

describe.skipIf(!HAS_REDIS_CLUSTER)("a cluster over the shards of a Redis Cluster", () => {
  let shards: RedisShards
  const undo: (() => unknown)[] = []
  beforeAll(async () => {
    shards = await RedisShards.start()
  })
  afterAll(() => shards[Symbol.asyncDispose]())
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  async function nodes(prefix = randomUUID()): Promise<{ a: Node; b: Node; prefix: string }> {
    const made: Node[] = []
    for (let i = 0; i < 2; i++) {
      const cluster = redis(shards.client(), { prefix, leaseMs: 1500 })
      const seen = new SeenNode()
      undo.push(() => cluster.close())
      await cluster.start(seen)
      made.push({ cluster, seen })
    }
    const [a, b] = made as [Node, Node]
    return { a, b, prefix }
  }
  type Node = { cluster: Cluster; seen: SeenNode }

  /** A topic on each of the masters. */
  const onEach = (): string[] => shards.masters.map((_, i) => shards.nameAt(i, `topic${randomUUID()}:`))

  /** Appends until it is told to stop, as a node does whose clients send again what was refused. */
  function flow(node: Node, topic: string): { sent: string[]; stop(): Promise<void> } {
    const sent: string[] = []
    const over = new AbortController()
    const flowing = (async () => {
      for (let n = 1; !over.signal.aborted; n++) {
        await vi.waitFor(() => node.cluster.append(topic, message(`m${n}`), HISTORY, `once ${n}`), PATIENCE)
        sent.push(`${topic} ${n} m${n}`)
      }
    })()
    return {
      sent,
      async stop() {
        over.abort()
        await flowing
      },
    }
  }

  it("has a topic's messages on the topic's shard only", async () => {
    const { a, b, prefix } = await nodes()
    const topics = onEach()
    await Promise.all(topics.map((topic) => b.cluster.subscribe(topic)))
    for (const topic of topics) await a.cluster.publish(topic, message("hello"))
    await vi.waitFor(
      () => expect(b.seen.delivered.toSorted()).toEqual(topics.map((t) => `${t} hello`).toSorted()),
      PATIENCE,
    )
    const ask = async (server: RedisServer): Promise<unknown> =>
      shards.ask(server, "PUBSUB", "SHARDCHANNELS", `${prefix}:{*`)
    expect(await Promise.all(shards.masters.map(ask))).toEqual(topics.map((topic) => [`${prefix}:{:${topic}}:t`]))
  })

  it("gives every numbered message once and in order, and every presence, though a slot moves away and back", async () => {
    const { a, b } = await nodes()
    const [topic = "", still = ""] = onEach()
    const [home, away] = shards.masters as [RedisServer, RedisServer]
    for (const { cluster } of [a, b]) {
      await Promise.all([topic, still].map((subscribed) => cluster.subscribe(subscribed, HISTORY)))
    }
    const flows = [flow(a, topic), flow(a, still)] as const
    const more = async (): Promise<void> => {
      const goal = flows[0].sent.length + 50
      await vi.waitFor(() => expect(flows[0].sent.length).toBeGreaterThan(goal), PATIENCE)
    }
    await more()
    for (const [from, to] of [
      [home, away],
      [away, home],
    ] as const) {
      const move = await shards.moveSlot(topic, from, to)
      b.cluster.changePresence(topic, { joins: [record(`to ${to.port}`, `to ${to.port}`)], leaves: [] })
      await move.keys()
      // An append waits for the end now: it is neither refused nor lost.
      const before = flows[1].sent.length
      await vi.waitFor(() => expect(flows[1].sent.length).toBeGreaterThan(before + 5), PATIENCE)
      await move.end()
      await more()
    }
    await Promise.all(flows.map((each) => each.stop()))
    const names = [home, away].map(({ port }) => `to ${port}`).sort()
    await vi.waitFor(() => expect(a.seen.keys).toEqual(names), PATIENCE)
    for (const { seen } of [a, b]) {
      for (const [i, at] of [topic, still].entries()) {
        const got = (): string[] => seen.numbered.filter((line) => line.startsWith(`${at} `))
        await vi.waitFor(() => expect(got()).toHaveLength(flows[i]?.sent.length ?? 0), PATIENCE)
        expect(got().join()).toBe(flows[i]?.sent.join())
      }
      expect(seen.lostTopics).toEqual([])
    }
  })

  it("hears of a slot that moved though it sends nothing itself", async () => {
    const { a, b } = await nodes()
    const [topic = ""] = onEach()
    const [home, away] = shards.masters as [RedisServer, RedisServer]
    await b.cluster.subscribe(topic, HISTORY)
    await a.cluster.append(topic, message("one"), HISTORY)
    await vi.waitFor(() => expect(b.seen.numbered).toHaveLength(1), PATIENCE)
    const move = await shards.moveSlot(topic, home, away)
    await move.keys()
    await move.end()
    undo.push(async () => {
      const back = await shards.moveSlot(topic, away, home)
      await back.keys()
      await back.end()
    })
    await a.cluster.append(topic, message("two"), HISTORY)
    await vi.waitFor(() => expect(b.seen.numbered).toEqual([`${topic} 1 one`, `${topic} 2 two`]), PATIENCE)
  })
})
