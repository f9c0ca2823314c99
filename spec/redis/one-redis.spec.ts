import { describe, expect, it } from "vitest"
import { OneRedis } from "../../lib/redis/one-redis.js"
import { PLAIN } from "../../lib/redis/pub-sub.js"
import type { RedisClient, RedisReply } from "../../lib/redis/redis-client.js"
import { APPEND } from "../../lib/redis/scripts.js"

/** A Redis that handles the next command, and sends the next answer, when it is told to. */
class SteppedRedis implements RedisClient {
  isReady = false
  /** The messages that scripts were run with. */
  readonly ran: unknown[] = []
  readonly #known = new Set<unknown>()
  readonly #received: (() => void)[] = []
  readonly #answers: (() => void)[] = []
  readonly #listeners: [event: string, listener: () => void][] = []

  duplicate(): RedisClient {
    return this
  }
  async connect(): Promise<void> {
    this.isReady = true
    this.tell("ready")
  }
  destroy(): void {}
  on(event: string, listener: () => void): void {
    this.#listeners.push([event, listener])
  }
  tell(event: string): void {
    for (const [name, listener] of this.#listeners) if (name === event) listener()
  }
  sendCommand([command, script, ...rest]: (string | Buffer)[]): Promise<RedisReply> {
    return new Promise((resolve, reject) => {
      this.#received.push(() => {
        const isMissing = command === "EVALSHA" && !this.#known.has(script)
        if (command === "EVAL") this.#known.add(APPEND.PUBLISH.sha)
        if (!isMissing) this.ran.push(rest.at(-1))
        this.#answers.push(() => (isMissing ? reject(new Error("NOSCRIPT No matching script")) : resolve(null)))
      })
    })
  }
  async subscribe(): Promise<void> {}
  async unsubscribe(): Promise<void> {}
  async sSubscribe(): Promise<void> {}
  async sUnsubscribe(): Promise<void> {}

  handle(): void {
    this.#received.shift()?.()
  }
  /** Sends the next answer, and waits until the node has sent what it sends because of it. */
  async answer(): Promise<void> {
    this.#answers.shift()?.()
    await new Promise(setImmediate)
  }
  async finish(): Promise<void> {
    while (this.#received.length + this.#answers.length > 0) {
      while (this.#received.length > 0) this.handle()
      await this.answer()
    }
  }
  forgetScripts(): void {
    this.#known.clear()
  }
}

const EVENTS = { changed() {}, up() {}, again() {}, message() {}, failed() {} }

async function opened(): Promise<{ redis: OneRedis; server: SteppedRedis }> {
  const server = new SteppedRedis()
  const redis = new OneRedis(() => server, PLAIN, 60_000, EVENTS)
  await redis.open()
  return { redis, server }
}

describe("scripts", () => {
  it("run in the order of their calls on a Redis that does not know them", async () => {
    const { redis, server } = await opened()
    const runs = [redis.run(APPEND, ["key"], "one")]
    server.handle()
    runs.push(redis.run(APPEND, ["key"], "two"))
    await server.answer()
    server.handle()
    runs.push(redis.run(APPEND, ["key"], "three"))
    await server.finish()
    await Promise.all(runs)
    expect(server.ran).toEqual(["one", "two", "three"])
  })

  it("run in order on a Redis that was restarted without them", async () => {
    const { redis, server } = await opened()
    const first = redis.run(APPEND, ["key"], "one")
    await server.finish()
    await first
    server.tell("reconnecting")
    server.forgetScripts()
    server.tell("ready")
    const runs = [redis.run(APPEND, ["key"], "two")]
    server.handle()
    runs.push(redis.run(APPEND, ["key"], "three"))
    await server.answer()
    server.handle()
    runs.push(redis.run(APPEND, ["key"], "four"))
    await server.finish()
    await Promise.all(runs)
    expect(server.ran).toEqual(["one", "two", "three", "four"])
  })

  it("run all the same after SCRIPT FLUSH has removed them from Redis", async () => {
    const { redis, server } = await opened()
    const first = redis.run(APPEND, ["key"], "one")
    await server.finish()
    await first
    server.forgetScripts()
    const second = redis.run(APPEND, ["key"], "two")
    await server.finish()
    await second
    expect(server.ran).toEqual(["one", "two"])
  })
})
