import { randomUUID } from "node:crypto"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Socket } from "rookery"
import { LogFlow, WHOLE } from "../support/log-flow.js"
import { NodeProcess } from "../support/node-process.js"
import { PATIENCE } from "../support/patience.js"
import { holdWrites } from "../support/redis-commands.js"
import { HAS_REDIS_CLUSTER, type RedisServer } from "../support/redis-server.js"
import { RedisShards } from "../support/redis-shards.js"
import { TcpProxy } from "../support/tcp-proxy.js"

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

describe.skipIf(!HAS_REDIS_CLUSTER)("endpoints over a Redis Cluster with replicas", () => {
  it("give every message once and in order, though a master is killed and its replica promoted as they flow", async () => {
    const shards = await RedisShards.start({ replicas: true })
    undo.push(() => shards[Symbol.asyncDispose]())
    const [victim, other] = shards.masters as [RedisServer, RedisServer]
    const [replica] = shards.replicas as [RedisServer]
    // They know the way to the cluster by the server that dies.
    const options = { shards: victim.url, prefix: randomUUID(), timeout: 20_000, lease: 3000, history: 10_000 }
    const [a, b] = [NodeProcess.start(options), NodeProcess.start(options)]
    undo.push(() => Promise.all([a, b].map(({ program }) => program.kill())))
    await Promise.all([a.ready(), b.ready()])
    const line = await TcpProxy.to(b.port)
    undo.push(() => line[Symbol.asyncDispose]())
    const room = shards.nameAt(0, "room:")
    const ada = new Socket(`ws://127.0.0.1:${a.port}/socket`, { params: { name: "ada" } })
    undo.push(() => ada.disconnect())
    void ada.connect()
    await ada.channel(room).join()

    const flow = new LogFlow()
    undo.push(() => flow.destroy())
    for (const port of [a.port, b.port, a.port, line.port]) await flow.join(shards.nameAt(0, "log:"), port)
    flow.begin()
    await flow.goesOn(100)
    await holdWrites(victim)
    await victim.kill()
    // This client comes back to the promoted replica's history.
    line.cut()
    await Promise.all([a, b].map(({ program }) => program.printed(/^unhealthy$/)))
    // The topics of the other masters go on meanwhile.
    const elsewhere = shards.nameAt(1, "room:")
    expect(await a.do(`say ${elsewhere} on`)).toBe("undefined")
    expect(await a.do(`say ${room} on`)).toBe("cluster_unavailable")
    await shards.promote(0)
    line.mend()
    await Promise.all([a, b].map(({ program }) => program.printed(/^healthy$/)))
    await flow.goesOn(100)
    expect(await flow.end()).toEqual(WHOLE)
    expect(flow.seen.notRecovered).toBe(0)
    expect(flow.seen.recovered).toBeGreaterThan(0)
    // The other masters hear of it from one another.
    await vi.waitFor(async () => expect(await shards.masterOf(room, other)).toBe(replica.port), PATIENCE)
    await vi.waitFor(async () => expect(await b.do(`names ${room}`)).toBe("ada"), PATIENCE)
  })
})
