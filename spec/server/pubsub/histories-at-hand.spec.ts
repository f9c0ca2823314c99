import { describe, expect, it } from "vitest"
import type { Cluster, HistorySlice, NumberedMessage } from "../../../lib/server/api/cluster.js"
import { Broadcast } from "../../../lib/server/pubsub/broadcast.js"
import { PubSub } from "../../../lib/server/pubsub/pubsub.js"
import type { Telemetry } from "../../../lib/server/telemetry/telemetry.js"
import { FakeClock } from "../../support/fake-clock.js"
import { usedBytes } from "../../support/used-bytes.js"

const HISTORY = { size: 100, ttl: 60_000 }

/** A message as another node sends it: a part of the bytes of everything that is read at once. */
function cut(offset: number, payload: unknown): NumberedMessage {
  const bytes = new Broadcast("room:1", "shout", payload).bytes()
  const read = new Uint8Array(bytes.length + 1000)
  read.set(bytes, 500)
  return { offset, body: read.subarray(500, 500 + bytes.length) }
}

interface Node {
  readonly pubsub: PubSub
  /** The topics that were read from the cluster, the first first. */
  readonly reads: string[]
  /** How many of its reads wait for the cluster, which answers by `answer`. */
  readonly unanswered: (() => void)[]
  dropped: number
}

/** A node of a cluster that keeps `size` messages of any topic, each with this payload. */
function nodeOf(heldHistoryBytes: number, payload: unknown = "x", { size }: { size: number } = HISTORY): Node {
  const unanswered: (() => void)[] = []
  const reads: string[] = []
  const cluster = {
    subscribe: () => undefined,
    unsubscribe: () => undefined,
    async history(topic: string): Promise<HistorySlice> {
      reads.push(topic)
      await new Promise<void>((resolve) => unanswered.push(resolve))
      const messages = Array.from({ length: size }, (_, at) => cut(at + 1, payload))
      return { epoch: "e", newest: size, messages, complete: true }
    },
  } as unknown as Cluster
  const telemetry = {
    counters: { rookery_broadcasts_total: 0 },
    emit: () => {},
    limitHit: () => void node.dropped++,
  } as unknown as Telemetry
  const options = { cluster, clock: new FakeClock(), telemetry, heldHistoryBytes, historyOf: () => HISTORY }
  const node: Node = { pubsub: new PubSub({ ...options, alone: false, left: () => {} }), reads, unanswered, dropped: 0 }
  return node
}

/** Everything that waits for nothing but other promises has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Lets the cluster answer until it is asked nothing more. */
async function answered({ unanswered }: Node): Promise<void> {
  for (await settled(); unanswered.length > 0; await settled()) for (const answer of unanswered.splice(0)) answer()
}

/** A client comes back that has seen everything up to an offset; gives how many messages it gets. */
async function comesBack(node: Node, topic: string, offset = 1): Promise<number | undefined> {
  const { pubsub } = node
  const prepared = pubsub.prepare(topic, HISTORY, { epoch: "e", offset })
  await answered(node)
  await prepared
  const missed = pubsub.missed(topic, HISTORY, { epoch: "e", offset })
  pubsub.done(topic)
  return missed?.recovered ? missed.broadcasts.length : undefined
}

const rooms = (count: number): string[] => Array.from({ length: count }, (_, room) => `room:${room}`)

/** The estimated bytes of one history. */
const ONE_HISTORY = 100 * 690

describe("the histories that a node has at hand", () => {
  it("are read once for all clients that come back, while there is room", async () => {
    const node = nodeOf(10 * ONE_HISTORY)
    for (const room of rooms(3)) void node.pubsub.enter(room)
    for (const room of [...rooms(3), ...rooms(3)]) expect(await comesBack(node, room)).toBe(99)
    expect(node.reads).toEqual(rooms(3))
    expect(node.dropped).toBe(0)
  })

  it("are dropped where there is no room, the one that no client has used for longest first, and read again", async () => {
    const node = nodeOf(2.5 * ONE_HISTORY)
    for (const room of rooms(3)) void node.pubsub.enter(room)
    for (const room of ["room:0", "room:1", "room:0", "room:2"]) expect(await comesBack(node, room)).toBe(99)
    expect(node.dropped).toBe(1)
    expect(await comesBack(node, "room:0")).toBe(99)
    expect(node.reads).toEqual(["room:0", "room:1", "room:2"])
    expect(await comesBack(node, "room:1")).toBe(99)
    expect(node.reads).toEqual(["room:0", "room:1", "room:2", "room:1"])
  })

  it("are dropped too when they grow by new messages", async () => {
    const node = nodeOf(2.5 * ONE_HISTORY)
    for (const room of rooms(2)) void node.pubsub.enter(room)
    for (const room of rooms(2)) expect(await comesBack(node, room)).toBe(99)
    for (let offset = 101; offset <= 180; offset++) node.pubsub.publishNumbered("room:1", "e", cut(offset, "new"))
    expect(node.dropped).toBe(1)
    expect(await comesBack(node, "room:1", 100)).toBe(80)
    expect(node.reads).toEqual(rooms(2))
  })

  it("stay for a client that waits for its answer, though others come back meanwhile", async () => {
    const node = nodeOf(1)
    for (const room of rooms(2)) void node.pubsub.enter(room)
    const waits = node.pubsub.prepare("room:0", HISTORY, { epoch: "e", offset: 1 })
    await answered(node)
    await waits
    const behind = node.pubsub.prepare("room:1", HISTORY, { epoch: "e", offset: 1 })
    await answered(node)
    expect(node.reads).toEqual(["room:0"])
    node.pubsub.publishNumbered("room:0", "e", cut(101, "new"))
    const missed = node.pubsub.missed("room:0", HISTORY, { epoch: "e", offset: 1 })
    expect([missed?.offset, missed?.recovered, missed?.broadcasts.length]).toEqual([101, true, 100])
    expect(node.pubsub.missed("room:0", HISTORY, { epoch: "e", offset: 51 })?.broadcasts).toHaveLength(50)
    node.pubsub.done("room:0")
    await answered(node)
    await behind
    expect(node.reads).toEqual(["room:0", "room:1"])
    expect(node.pubsub.missed("room:1", HISTORY, { epoch: "e", offset: 1 })?.broadcasts).toHaveLength(99)
    node.pubsub.done("room:1")
  })

  it("are read a few at a time when clients of many topics come back at once", async () => {
    const node = nodeOf(Infinity)
    const all = rooms(100)
    for (const room of all) void node.pubsub.enter(room)
    const back = all.map((room) => node.pubsub.prepare(room, HISTORY, { epoch: "e", offset: 1 }))
    await settled()
    expect(node.unanswered).toHaveLength(32)
    node.unanswered.shift()?.()
    await settled()
    expect(node.unanswered).toHaveLength(32)
    await answered(node)
    await Promise.all(back)
    expect(node.reads).toEqual(all)
  })

  it("are not read for clients that have gone while they waited", async () => {
    const node = nodeOf(1)
    for (const room of rooms(3)) void node.pubsub.enter(room)
    const first = node.pubsub.prepare("room:0", HISTORY, { epoch: "e", offset: 1 })
    await answered(node)
    await first
    const others = ["room:1", "room:2"].map((room) => node.pubsub.prepare(room, HISTORY, { epoch: "e", offset: 1 }))
    for (const room of ["room:1", "room:0"]) {
      node.pubsub.done(room)
      node.pubsub.exit(room)
    }
    await answered(node)
    await Promise.all(others)
    expect(node.reads).toEqual(["room:0", "room:2"])
  })

  it.each([
    ["small messages", "hello, is anybody there?", 1000],
    ["large messages", "x".repeat(20_000), 50],
  ])("take no more memory than they are allowed, within a factor of two: %s", async (_name, payload, size) => {
    const limit = 8 * 1_048_576
    const node = nodeOf(limit, payload, { size })
    const all = rooms(40)
    for (const room of all) void node.pubsub.enter(room)
    const before = usedBytes()
    for (const room of all) {
      const prepared = node.pubsub.prepare(room, { size, ttl: 60_000 }, { epoch: "e", offset: size })
      await answered(node)
      await prepared
      node.pubsub.done(room)
    }
    const grown = usedBytes() - before
    expect(node.dropped).toBeGreaterThan(10)
    expect(grown).toBeGreaterThan(limit / 2)
    expect(grown).toBeLessThan(limit * 2)
    for (const room of all) node.pubsub.exit(room)
    expect(usedBytes() - before).toBeLessThan(limit / 8)
  })
})
