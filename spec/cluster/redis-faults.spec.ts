import { randomUUID } from "node:crypto"
import { createClient } from "redis"
import { afterEach, describe, expect, it, vi } from "vitest"
import { redis } from "rookery/redis"
import type { Cluster, PresenceRecord } from "rookery/server"
import { HAS_REDIS } from "../support/redis-server.js"
import { redisSuite } from "../support/redis-suite.js"
import { message, SeenNode } from "../support/seen-node.js"
import { TcpProxy } from "../support/tcp-proxy.js"
import { PATIENCE } from "../support/patience.js"

const HISTORY = { size: 1000, ttl: 60_000 }

const record = (ref: string, key: string): PresenceRecord => ({ ref, key, meta: { phx_ref: ref } })

describe.skipIf(!HAS_REDIS)("a cluster whose Redis has troubles", () => {
  const suite = redisSuite()
  const { undo } = suite
  let prefix: string
  afterEach(() => {
    prefix = ""
  })

  const clientOf = (port: number) => createClient({ url: `redis://127.0.0.1:${port}` })

  async function connected(port = suite.server.port): Promise<ReturnType<typeof clientOf>> {
    const client = clientOf(port)
    client.on("error", () => {})
    await client.connect()
    undo.push(() => client.destroy())
    return client
  }

  /** Makes a node; all nodes of one test are in one cluster. */
  async function node(port = suite.server.port, timeoutMs = 2000): Promise<{ cluster: Cluster; seen: SeenNode }> {
    prefix ||= randomUUID()
    const cluster = redis(await connected(port), { prefix, leaseMs: 900, timeoutMs })
    const seen = new SeenNode()
    undo.push(() => cluster.close())
    // It goes on trying where Redis takes longer than this node waits.
    await Promise.resolve(cluster.start(seen)).catch(() => undefined)
    await vi.waitFor(() => expect(seen.healths.at(-1)).toBe(true), PATIENCE)
    return { cluster, seen }
  }

  it("gives every numbered message once and in order, though the pub/sub connections are killed as they flow", async () => {
    const [a, b] = [await node(), await node()]
    const admin = await connected()
    await Promise.all([a.cluster.subscribe("t", HISTORY), b.cluster.subscribe("t", HISTORY)])
    for (let i = 1; i <= 500; i++) {
      await a.cluster.append("t", message(`m${i}`), HISTORY)
      if (i % 50 === 0) await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
    }
    const all = Array.from({ length: 500 }, (_, i) => `t ${i + 1} m${i + 1}`)
    await vi.waitFor(() => expect([a.seen.numbered.length, b.seen.numbered.length]).toEqual([500, 500]), PATIENCE)
    expect([a.seen.numbered, b.seen.numbered]).toEqual([all, all])
    expect([a.seen.lostTopics, b.seen.lostTopics]).toEqual([[], []])
  })

  it("tells what it reads of a history, though pub/sub has not brought it yet", async () => {
    const [a, b] = [await node(), await node()]
    const admin = await connected()
    await b.cluster.subscribe("t", HISTORY)
    await a.cluster.append("t", message("one"), HISTORY)
    await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
    await a.cluster.append("t", message("two"), HISTORY)
    await b.cluster.history("t", HISTORY, undefined, 10)
    expect(b.seen.numbered).toEqual(["t 1 one", "t 2 two"])
    await a.cluster.append("t", message("three"), HISTORY)
    await vi.waitFor(() => expect(b.seen.numbered).toEqual(["t 1 one", "t 2 two", "t 3 three"]), PATIENCE)
  })

  it("tells what came while a node was not listening, though nothing new comes", async () => {
    const a = await node()
    const admin = await connected()
    await a.cluster.subscribe("t", HISTORY)
    // The node has received nothing yet; it only knows the position of the topic.
    const other = await node()
    await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
    await other.cluster.append("t", message("one"), HISTORY)
    await vi.waitFor(() => expect(a.seen.numbered).toEqual(["t 1 one"]), PATIENCE)
  })

  it("reports what cannot be published while Redis is gone, and is whole again by itself", async () => {
    const [a, b] = [await node(), await node()]
    await Promise.all([a.cluster.subscribe("t", HISTORY), b.cluster.subscribe("t", HISTORY)])
    await a.cluster.append("t", message("one"), HISTORY)
    a.cluster.changePresence("t", { joins: [record("r1", "ada")], leaves: [] })
    await vi.waitFor(() => expect(b.seen.keys).toEqual(["ada"]), PATIENCE)
    await suite.server.kill()
    await vi.waitFor(() => expect([a.seen.healths.at(-1), b.seen.healths.at(-1)]).toEqual([false, false]), PATIENCE)
    await expect(a.cluster.append("t", message("lost"), HISTORY)).rejects.toMatchObject({ code: "cluster_unavailable" })
    await expect(a.cluster.publish("t", message("lost"))).rejects.toMatchObject({ code: "cluster_unavailable" })
    // The nodes learn later of presences that come and go now, and listen to a topic that is entered now.
    a.cluster.changePresence("t", { joins: [record("r2", "bob"), record("r3", "eve")], leaves: ["r1"] })
    a.cluster.changePresence("t", { joins: [record("r4", "dan")], leaves: ["r3"] })
    a.cluster.changePresence("t", { joins: [], leaves: ["r4"] })
    await b.cluster.subscribe("u", HISTORY)
    await suite.server.start()
    await vi.waitFor(() => expect([a.seen.healths.at(-1), b.seen.healths.at(-1)]).toEqual([true, true]), PATIENCE)
    await vi.waitFor(() => expect(b.seen.keys).toEqual(["bob"]), PATIENCE)
    await a.cluster.append("t", message("two"), HISTORY)
    await vi.waitFor(async () => {
      await a.cluster.publish("u", message("there"))
      expect(b.seen.delivered).toContain("u there")
    }, PATIENCE)
    await vi.waitFor(() => expect(b.seen.numbered).toEqual(["t 1 one", "t 2 two"]), PATIENCE)
    expect([a.seen.lostTopics, b.seen.lostTopics]).toEqual([[], []])
    await vi.waitFor(async () => expect(await b.cluster.nodes()).toBe(2), PATIENCE)
  })

  it("brings its presences back after it was taken for dead, though it is asked for the number of nodes first", async () => {
    const a = await node()
    const admin = await connected()
    await a.cluster.subscribe("t")
    a.cluster.changePresence("t", { joins: [record("r1", "ada")], leaves: [] })
    const keys = async (): Promise<string[]> =>
      (await admin.sendCommand(["KEYS", `${prefix}:*`])) as unknown as string[]
    await vi.waitFor(async () => expect((await keys()).length).toBeGreaterThan(1), PATIENCE)
    await admin.sendCommand(["DEL", ...(await keys())])
    await a.cluster.nodes()
    const b = await node()
    await b.cluster.subscribe("t")
    await vi.waitFor(() => expect(b.seen.keys).toEqual(["ada"]), PATIENCE)
  })

  it("says that messages are lost when Redis comes back with older data than it had", async () => {
    const [a, b] = [await node(), await node()]
    const admin = await connected()
    await Promise.all([a.cluster.subscribe("t", HISTORY), b.cluster.subscribe("t", HISTORY)])
    const { epoch } = await a.cluster.append("t", message("one"), HISTORY)
    const keys = [`${prefix}:{t}:n`, `${prefix}:{t}:s`]
    const before = await Promise.all(keys.map((key) => admin.withTypeMapping({ 36: Buffer }).dump(key)))
    await a.cluster.append("t", message("two"), HISTORY)
    await a.cluster.append("t", message("three"), HISTORY)
    await vi.waitFor(() => expect(b.seen.numbered).toHaveLength(3), PATIENCE)
    for (const [i, key] of keys.entries()) {
      await admin.restore(key, 0, before[i] as unknown as Buffer, { REPLACE: true })
    }
    // New messages take the numbers of the lost ones before any node looks.
    for (const other of ["2", "3", "4"]) {
      await admin.sendCommand(["HINCRBY", `${prefix}:{t}:n`, "o", "1"])
      await admin.sendCommand(["XADD", `${prefix}:{t}:s`, `${other}-${Date.now() + 1000}`, "b", `other ${other}`])
    }
    await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"])
    await vi.waitFor(() => expect([a.seen.lostTopics, b.seen.lostTopics]).toEqual([["t"], ["t"]]), PATIENCE)
    const position = await a.cluster.append("t", message("new"), HISTORY)
    expect(position.offset).toBe(5)
    expect(position.epoch).not.toBe(epoch)
    await vi.waitFor(() => expect(b.seen.numbered.at(-1)).toBe("t 5 new"), PATIENCE)
    expect(b.seen.numbered).not.toContain("t 4 other 4")
  })

  it("finds out that Redis does not answer, lets nothing pile up, and goes on when it does", async () => {
    const a = await node(suite.server.port, 1000)
    await a.cluster.subscribe("t", HISTORY)
    suite.server.signal("SIGSTOP")
    undo.push(() => suite.server.signal("SIGCONT"))
    await expect(a.cluster.publish("t", message("x"))).rejects.toMatchObject({ code: "cluster_unavailable" })
    await vi.waitFor(() => expect(a.seen.healths.at(-1)).toBe(false), PATIENCE)
    const refused = Array.from({ length: 1000 }, () => a.cluster.publish("t", message("x")))
    expect((await Promise.allSettled(refused)).every(({ status }) => status === "rejected")).toBe(true)
    suite.server.signal("SIGCONT")
    await vi.waitFor(() => expect(a.seen.healths.at(-1)).toBe(true), PATIENCE)
    const b = await node()
    await vi.waitFor(async () => {
      await b.cluster.publish("t", message("back"))
      expect(a.seen.delivered).toContain("t back")
    }, PATIENCE)
  })

  it("makes its connections anew when they are open and nothing comes through", async () => {
    const proxy = await TcpProxy.to(suite.server.port)
    undo.push(() => proxy[Symbol.asyncDispose]())
    const a = await node(proxy.port, 1000)
    const b = await node()
    await a.cluster.subscribe("t", HISTORY)
    proxy.stall()
    await vi.waitFor(() => expect(a.seen.healths.at(-1)).toBe(false), PATIENCE)
    await b.cluster.append("t", message("one"), HISTORY)
    // The old connections stay dead, so the node has to make new ones.
    proxy.forget()
    await vi.waitFor(() => expect(a.seen.numbered).toEqual(["t 1 one"]), PATIENCE)
    expect(a.seen.healths.at(-1)).toBe(true)
  })

  it("listens in Redis only to topics that a client of the node has joined", async () => {
    const a = await node()
    const admin = await connected()
    const channels = async (): Promise<string[]> =>
      ((await admin.sendCommand(["PUBSUB", "CHANNELS", `${prefix}:t:*`])) as unknown as string[]).sort()
    await Promise.all(["x", "y", "z"].map((topic) => a.cluster.subscribe(topic)))
    expect(await channels()).toEqual(["x", "y", "z"].map((topic) => `${prefix}:t:${topic}`))
    a.cluster.unsubscribe("x")
    a.cluster.unsubscribe("z")
    await vi.waitFor(async () => expect(await channels()).toEqual([`${prefix}:t:y`]), PATIENCE)
  })

  it("lists in Redis only topics that somebody of the node is present in", async () => {
    const a = await node()
    const admin = await connected()
    const topics = async (): Promise<string[]> => {
      const [list = ""] = (await admin.sendCommand(["KEYS", `${prefix}:node:*`])) as unknown as string[]
      return list === "" ? [] : ((await admin.sendCommand(["SMEMBERS", list])) as unknown as string[]).sort()
    }
    for (const topic of ["x", "y", "z"]) a.cluster.changePresence(topic, { joins: [record("r1", "ada")], leaves: [] })
    await vi.waitFor(async () => expect(await topics()).toEqual(["x", "y", "z"]), PATIENCE)
    for (const topic of ["x", "z"]) a.cluster.changePresence(topic, { joins: [], leaves: ["r1"] })
    await vi.waitFor(async () => expect(await topics()).toEqual(["y"]), PATIENCE)
    a.cluster.changePresence("x", { joins: [record("r2", "ada")], leaves: [] })
    await vi.waitFor(async () => expect(await topics()).toEqual(["x", "y"]), PATIENCE)
  })

  it("rejects its start when there is no Redis, and is there when Redis is", async () => {
    const proxy = await TcpProxy.to(suite.server.port)
    undo.push(() => proxy[Symbol.asyncDispose]())
    const client = await connected(proxy.port)
    proxy.cut()
    const cluster = redis(client, { prefix: randomUUID(), timeoutMs: 1000, leaseMs: 900 })
    undo.push(() => cluster.close())
    const seen = new SeenNode()
    await expect(cluster.start(seen)).rejects.toMatchObject({ code: "cluster_unavailable" })
    await cluster.subscribe("t", HISTORY)
    proxy.mend()
    await vi.waitFor(() => expect(seen.healths.at(-1)).toBe(true), PATIENCE)
    await vi.waitFor(async () => {
      await cluster.append("t", message("m"), HISTORY)
      expect(seen.numbered.length).toBeGreaterThan(0)
    }, PATIENCE)
  })
})
