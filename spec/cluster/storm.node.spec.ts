import { randomUUID } from "node:crypto"
import { afterEach, describe, expect, it, vi } from "vitest"
import { chosenSeed } from "../hostile/random.js"
import { FaultyProxy, seeded } from "../support/faulty-proxy.js"
import { LogClient, noSightings } from "../support/log-client.js"
import { NodeProcess } from "../support/node-process.js"
import { PATIENCE } from "../support/patience.js"
import { HAS_REDIS, RedisServer } from "../support/redis-server.js"

const SEED = chosenSeed()
const NODES = 3
const CLIENTS = 300
const TOPICS = 10
const MESSAGES = 20_000

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

describe.skipIf(!HAS_REDIS)("a storm over three nodes", () => {
  it("leaves every client with every message once and in order, though connections are cut, stalled and half-open, and Redis dies", async () => {
    const random = seeded(SEED)
    const server = await RedisServer.start()
    undo.push(() => server[Symbol.asyncDispose]())
    const options = { redis: server.url, prefix: randomUUID(), history: MESSAGES }
    const nodes = Array.from({ length: NODES }, () => NodeProcess.start(options))
    undo.push(() => Promise.all(nodes.map(({ program }) => program.kill())))
    await Promise.all(nodes.map((node) => node.ready()))
    const proxy = await FaultyProxy.before(
      nodes.map(({ port }) => port),
      random,
    )
    undo.push(() => proxy[Symbol.asyncDispose]())

    const seen = noSightings()
    const topicsOf = (i: number): string[] => [`log:${i % TOPICS}`, `log:${(i + 1 + (i % 7)) % TOPICS}`]
    const clients = Array.from({ length: CLIENTS }, (_, i) => new LogClient(proxy.port, `client ${i}`, seen))
    undo.push(() => clients.forEach(({ socket }) => socket.destroy()))
    await Promise.all(clients.flatMap((client, i) => topicsOf(i).map((topic) => client.join(topic))))

    const added = new Map<string, number[]>()
    let next = 0
    let redisRestarts = 0
    const restart = async (): Promise<void> => {
      redisRestarts++
      await server.kill()
      await server.start()
    }
    proxy.storm(40)
    await Promise.all(
      clients.map(async (client, i) => {
        const topics = topicsOf(i)
        for (let n = next++; n < MESSAGES; n = next++) {
          const topic = topics[n % 2] as string
          added.set(topic, [...(added.get(topic) ?? []), n])
          if (n === MESSAGES / 2) await restart()
          await client.add(topic, n)
        }
      }),
    )
    proxy.calm()

    const expected = new Map([...added].map(([topic, numbers]) => [topic, numbers.length]))
    const missing = (): number =>
      clients.reduce((sum, { got }) => {
        for (const [topic, numbers] of got) sum += Math.max(0, (expected.get(topic) ?? 0) - numbers.length)
        return sum
      }, 0)
    await vi.waitFor(() => expect(missing()).toBe(0), { ...PATIENCE, interval: 200 })

    const orders = new Map<string, number[]>()
    for (const { got } of clients) {
      for (const [topic, numbers] of got) {
        const order = orders.get(topic) ?? numbers
        orders.set(topic, order)
        // One comparison of text, because the difference of two arrays with thousands of numbers is too long to print.
        expect(`${topic} ${numbers.join()}` === `${topic} ${order.join()}`).toBe(true)
      }
    }
    for (const [topic, order] of orders)
      expect(order.toSorted((a, b) => a - b)).toEqual(added.get(topic)?.toSorted((a, b) => a - b))
    expect(seen.notRecovered).toBe(0)
    expect(seen.recovered).toBeGreaterThan(100)
    const { cuts, stalls, halfOpen } = proxy.faults
    console.log(
      `storm (seed ${SEED}): ${cuts} cuts, ${stalls} stalls, ${halfOpen} half-open lines, ${redisRestarts} restart of Redis; ` +
        `${MESSAGES} messages, ${seen.messages} deliveries, ${seen.recovered} recoveries, ${seen.pushedAgain} pushes made anew, 0 lost, 0 twice`,
    )
  })
})
