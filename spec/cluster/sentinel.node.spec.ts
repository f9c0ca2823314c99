import { randomUUID } from "node:crypto"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Socket } from "rookery"
import { LogFlow, WHOLE } from "../support/log-flow.js"
import { NodeProcess } from "../support/node-process.js"
import { PATIENCE } from "../support/patience.js"
import { holdWrites } from "../support/redis-commands.js"
import { RedisSentinel } from "../support/redis-sentinel.js"
import { HAS_REDIS } from "../support/redis-server.js"
import { TcpProxy } from "../support/tcp-proxy.js"

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

describe.skipIf(!HAS_REDIS)("endpoints over a master that a Sentinel names", () => {
  it("give every message once and in order, though the master is killed and its replica promoted as they flow", async () => {
    const redis = await RedisSentinel.start()
    undo.push(() => redis[Symbol.asyncDispose]())
    const options = {
      sentinel: redis.sentinel.port,
      prefix: randomUUID(),
      timeout: 20_000,
      lease: 3000,
      history: 10_000,
    }
    // The time that a command may take is long, because here a dead master is a lost connection.
    const [a, b] = [NodeProcess.start(options), NodeProcess.start(options)]
    undo.push(() => Promise.all([a, b].map(({ program }) => program.kill())))
    await Promise.all([a.ready(), b.ready()])
    const line = await TcpProxy.to(b.port)
    undo.push(() => line[Symbol.asyncDispose]())
    const ada = new Socket(`ws://127.0.0.1:${a.port}/socket`, { params: { name: "ada" } })
    undo.push(() => ada.disconnect())
    void ada.connect()
    await ada.channel("room:1").join()

    const flow = new LogFlow()
    undo.push(() => flow.destroy())
    for (const port of [a.port, b.port, a.port, line.port]) await flow.join("log:1", port)
    flow.begin()
    await flow.goesOn(100)
    const victim = await redis.master()
    await holdWrites(victim)
    await victim.kill()
    // This client comes back to the promoted replica's history.
    line.cut()
    await Promise.all([a, b].map(({ program }) => program.printed(/^unhealthy$/)))
    await redis.failOver()
    line.mend()
    await Promise.all([a, b].map(({ program }) => program.printed(/^healthy$/)))
    await flow.goesOn(100)
    expect(await flow.end()).toEqual(WHOLE)
    expect(flow.seen.notRecovered).toBe(0)
    expect(flow.seen.recovered).toBeGreaterThan(0)
    expect(await redis.master()).not.toBe(victim)
    await vi.waitFor(async () => expect(await b.do("names room:1")).toBe("ada"), PATIENCE)
  })
})
