import { setTimeout as sleep } from "node:timers/promises"
import { holdWrites, inStep, sent } from "../../../spec/support/redis-commands.js"
import { RedisSentinel } from "../../../spec/support/redis-sentinel.js"
import { RedisServer } from "../../../spec/support/redis-server.js"
import { RedisShards } from "../../../spec/support/redis-shards.js"
import { AWAY_MS, stopped, type Fault, type Random } from "./faults.js"

/** The Redis that the nodes of a storm share, in one of its forms. */
export interface Engine extends AsyncDisposable {
  /** The options by which a node finds it. */
  readonly options: Readonly<Record<string, string | number>>
  readonly faults: readonly Fault[]
}

/** A server of the engine, stopped for a while. */
const stoppedServer = (random: Random, chosen: () => Promise<RedisServer> | RedisServer): Fault =>
  stopped("the engine", random, async () => {
    const server = await chosen()
    return (signal) => server.signal(signal)
  })

/** One Redis. */
async function oneRedis(random: Random): Promise<Engine> {
  const server = await RedisServer.start()
  const killed = async (): Promise<void> => {
    await server.kill()
    await sleep(random(AWAY_MS))
    await server.start()
  }
  return {
    options: { redis: server.url },
    faults: [
      { name: "the engine killed (SIGKILL) and started again", run: killed },
      stoppedServer(random, () => server),
    ],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A master and a replica under a Sentinel. */
async function sentinel(random: Random): Promise<Engine> {
  const redis = await RedisSentinel.start()
  const failOver = async (): Promise<void> => {
    const former = await redis.master()
    await holdWrites(former)
    await former.kill()
    await sleep(random(AWAY_MS))
    await redis.failOver()
    const master = await redis.master()
    // Sooner than the Sentinel would say it.
    await former.start()
    await sent(former, "REPLICAOF", "127.0.0.1", String(master.port))
    await inStep(master)
  }
  return {
    options: { sentinel: redis.sentinel.port },
    faults: [
      { name: "the master killed, its replica promoted", run: failOver },
      stoppedServer(random, () => redis.master()),
    ],
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

/** Three masters of a Redis Cluster, and a replica of each. */
async function shards(random: Random, topics: readonly string[]): Promise<Engine> {
  const redis = await RedisShards.start({ replicas: true })
  const failOver = async (): Promise<void> => {
    const index = random(redis.masters.length)
    const former = redis.masters[index] as RedisServer
    await holdWrites(former)
    await former.kill()
    await sleep(random(AWAY_MS))
    await redis.promote(index)
    await former.start()
    await inStep(redis.masters[index] as RedisServer)
  }
  const reshard = async (): Promise<void> => {
    const topic = topics[random(topics.length)] as string
    const from = await redis.ownerOf(topic)
    const others = redis.masters.filter((master) => master !== from)
    const to = others[random(others.length)] as RedisServer
    const move = await redis.moveSlot(topic, from, to)
    await sleep(random(200))
    await move.keys()
    await sleep(random(200))
    await move.end()
  }
  return {
    options: { shards: redis.urls[0] as string },
    faults: [
      { name: "a master killed, its replica promoted", run: failOver },
      { name: "a slot moved to another master", run: reshard },
      stoppedServer(random, () => redis.masters[random(redis.masters.length)] as RedisServer),
    ],
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  }
}

/** The engines that a storm can run over, by their names. */
export const engines: Readonly<Record<string, (random: Random, topics: readonly string[]) => Promise<Engine>>> = {
  redis: oneRedis,
  sentinel,
  cluster: shards,
  workers: oneRedis,
}
