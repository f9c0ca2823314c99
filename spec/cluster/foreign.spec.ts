import { randomUUID } from "node:crypto"
import { createClient } from "redis"
import { describe, expect, it, vi } from "vitest"
import { redis } from "rookery/redis"
import type { Cluster, PresenceRecord } from "rookery/server"
import { KINDS, mutate } from "../hostile/inputs.js"
import { Chance, chosenSeed } from "../hostile/random.js"
import { HAS_REDIS } from "../support/redis-server.js"
import { redisSuite } from "../support/redis-suite.js"
import { message, SeenNode } from "../support/seen-node.js"
import { PATIENCE } from "../support/patience.js"

const HISTORY = { size: 1000, ttl: 60_000 }

const record = (ref: string, key: string): PresenceRecord => ({ ref, key, meta: { phx_ref: ref } })

describe.skipIf(!HAS_REDIS)("a cluster whose Redis gets writes from another program", () => {
  const suite = redisSuite()
  const { undo } = suite
  let prefix: string

  async function connected(): Promise<ReturnType<typeof createClient>> {
    const client = createClient({ url: suite.server.url })
    client.on("error", () => {})
    await client.connect()
    undo.push(() => client.destroy())
    return client as ReturnType<typeof createClient>
  }

  async function node(): Promise<{ cluster: Cluster; seen: SeenNode }> {
    const cluster = redis(await connected(), { prefix, leaseMs: 900 })
    const seen = new SeenNode()
    await cluster.start(seen)
    undo.push(() => cluster.close())
    return { cluster, seen }
  }

  async function stage(): Promise<{
    a: Awaited<ReturnType<typeof node>>
    b: Awaited<ReturnType<typeof node>>
    other: Awaited<ReturnType<typeof connected>>
  }> {
    prefix = randomUUID()
    const [a, b, other] = [await node(), await node(), await connected()]
    await Promise.all([a.cluster.subscribe("t", HISTORY), b.cluster.subscribe("t", HISTORY)])
    return { a, b, other }
  }

  /** Checks that messages and presences still arrive. */
  async function goesOn({ a, b }: Awaited<ReturnType<typeof stage>>): Promise<void> {
    await a.cluster.publish("t", message("still"))
    await vi.waitFor(() => expect(b.seen.delivered).toContain("t still"), PATIENCE)
    a.cluster.changePresence("t", { joins: [record("a.1", "Ada")], leaves: [] })
    await vi.waitFor(() => expect(b.seen.keys).toContain("Ada"), PATIENCE)
    await b.cluster.append("t", message("numbered"), HISTORY)
    await vi.waitFor(() => expect(a.seen.numbered.at(-1)).toMatch(/ numbered$/), PATIENCE)
  }

  it("goes on whatever comes on its channels, and says what it turned away", async () => {
    const all = await stage()
    const chance = new Chance(chosenSeed())
    const make = Object.values(KINDS)
    const channels = [`${prefix}:t:t`, `${prefix}:commands`]
    for (let i = 0; i < 600; i++) {
      const input = chance.of(make)(chance)
      await all.other.publish(chance.of(channels), Buffer.from(input as string))
    }
    await goesOn(all)
    expect(all.a.seen.failures.length).toBeGreaterThan(100)
    for (const { seen } of [all.a, all.b])
      for (const failure of seen.failures) expect(failure).toMatchObject({ code: "bad_frame" })
    // The node has only the valid presences.
    for (const { ref, key, meta } of all.a.seen.here.values())
      expect([typeof key, (meta as { phx_ref: unknown }).phx_ref]).toEqual(["string", ref])
  })

  it("does not read the history for every message because of an offset that nobody gave", async () => {
    const all = await stage()
    const { a, b, other } = all
    await a.cluster.append("t", message("one"), HISTORY)
    await vi.waitFor(() => expect(b.seen.numbered).toEqual(["t 1 one"]), PATIENCE)
    const { epoch } = await a.cluster.history("t", HISTORY, undefined, 1)
    await other.publish(`${prefix}:t:t`, `\x01${epoch}\x009007199254740991-1\0far`)
    await other.publish(`${prefix}:t:t`, `\x01${epoch}\x0050-1\0near`)
    // The first message after the forged ones makes the node read the history; later ones arrive directly.
    await a.cluster.append("t", message("two"), HISTORY)
    await vi.waitFor(() => expect(b.seen.numbered).toEqual(["t 1 one", "t 2 two"]), PATIENCE)
    const read = (): Promise<number> =>
      other
        .sendCommand(["INFO", "commandstats"])
        .then((told) => Number(/cmdstat_xrange:calls=(\d+)/.exec(String(told))?.[1]))
    const before = await read()
    for (let i = 0; i < 100; i++) await a.cluster.append("t", message(`m${i}`), HISTORY)
    await vi.waitFor(() => expect(b.seen.numbered.at(-1)).toBe("t 102 m99"), PATIENCE)
    expect((await read()) - before).toBeLessThan(20)
    expect([a.seen.lostTopics, b.seen.lostTopics]).toEqual([[], []])
  })

  it("leaves out presences that are none, and shows the others", async () => {
    const all = await stage()
    const { a, b, other } = all
    a.cluster.changePresence("t", { joins: [record("a.1", "Ada")], leaves: [] })
    await vi.waitFor(() => expect(b.seen.keys).toEqual(["Ada"]), PATIENCE)
    const hash = `${prefix}:{t}:p`
    const chance = new Chance(chosenSeed())
    const text = '{"ref":"x.1","key":"Eve","meta":{"phx_ref":"x.1"}}'
    for (let i = 0; i < 50; i++) {
      const bad = mutate(chance, text)
      if (bad !== text) await other.hSet(hash, `x:${i}`, String(bad))
    }
    await other.hSet(hash, "v", "no number")
    const c = await node()
    await c.cluster.subscribe("t", HISTORY)
    await vi.waitFor(() => expect(c.seen.keys).toContain("Ada"), PATIENCE)
    expect(c.seen.failures).toContainEqual(expect.objectContaining({ code: "bad_frame" }))
    await goesOn(all)
  })

  it.each(["n", "s", "p"])(
    "fails what needs a key of another type, says so, and is well again without it: %s",
    async (key) => {
      const all = await stage()
      const { a, other } = all
      await other.del(`${prefix}:{t}:${key}`)
      await other.set(`${prefix}:{t}:${key}`, "a text")
      if (key === "p") {
        a.cluster.changePresence("t", { joins: [record("a.9", "Eve")], leaves: [] })
        await vi.waitFor(() => expect(a.seen.failures).not.toEqual([]), PATIENCE)
      } else {
        await expect(a.cluster.append("t", message("no"), HISTORY)).rejects.toMatchObject({
          code: "cluster_unavailable",
        })
        await expect(a.cluster.history("t", HISTORY, 0, 10)).rejects.toThrow(/./)
      }
      const c = await node()
      await c.cluster.subscribe("t", HISTORY)
      expect(c.seen.failures).not.toEqual([])
      await other.del(`${prefix}:{t}:${key}`)
      await goesOn(all)
    },
  )

  it("sweeps one dead node though another cannot be swept", async () => {
    const all = await stage()
    const { a, other } = all
    await other.zAdd(`${prefix}:nodes`, [
      { score: 1, value: "cursed" },
      { score: 2, value: "dead" },
    ])
    await other.set(`${prefix}:node:cursed`, "a text")
    await other.sAdd(`${prefix}:node:dead`, "t")
    await other.hSet(`${prefix}:{t}:p`, "dead:d.1", JSON.stringify(record("d.1", "Dee")))
    await vi.waitFor(async () => expect(await other.hExists(`${prefix}:{t}:p`, "dead:d.1")).toBeFalsy(), PATIENCE)
    expect(a.seen.failures.length + all.b.seen.failures.length).toBeGreaterThan(0)
    await goesOn(all)
  })
})
