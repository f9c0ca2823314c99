import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { Link } from "../../lib/redis/redis-link.js"
import type { RedisClient } from "../../lib/redis/redis-client.js"

/** A client that connects when it is told to, and answers when it is told to. */
class FakeClient implements RedisClient {
  isReady = false
  destroyed = false
  readonly answers: ((answer: unknown) => void)[] = []
  readonly #listeners: [event: string, listener: () => void][] = []
  #connected: (() => void)[] = []

  duplicate(): RedisClient {
    return this
  }
  connect(): Promise<unknown> {
    return new Promise<void>((resolve) => this.#connected.push(resolve))
  }
  destroy(): void {
    this.destroyed = true
    this.isReady = false
  }
  on(event: string, listener: () => void): void {
    this.#listeners.push([event, listener])
  }
  sendCommand(): Promise<unknown> {
    return new Promise((resolve) => this.answers.push(resolve))
  }
  subscribe(): Promise<unknown> {
    return Promise.resolve()
  }
  unsubscribe(): Promise<unknown> {
    return Promise.resolve()
  }
  sSubscribe(): Promise<unknown> {
    return Promise.resolve()
  }
  sUnsubscribe(): Promise<unknown> {
    return Promise.resolve()
  }

  tell(event: "ready" | "reconnecting"): void {
    this.isReady = event === "ready"
    for (const [name, listener] of this.#listeners) if (name === event) listener()
    if (event === "ready") for (const connected of this.#connected.splice(0)) connected()
  }
}

const made: FakeClient[] = []
const told: string[] = []
const last = (): FakeClient => made.at(-1) as FakeClient

async function opened(): Promise<Link> {
  const make = (): FakeClient => {
    const client = new FakeClient()
    made.push(client)
    return client
  }
  const link = new Link(make, 1000, { up: () => told.push("up"), down: () => told.push("down") })
  const open = link.open()
  last().tell("ready")
  await open
  return link
}

beforeEach(() => {
  vi.useFakeTimers()
  made.length = told.length = 0
})
afterEach(() => vi.useRealTimers())

describe("a link to Redis", () => {
  it("rejects at once while there is no connection", async () => {
    const link = await opened()
    last().tell("reconnecting")
    await expect(link.ask("PING")).rejects.toMatchObject({ code: "cluster_unavailable" })
    expect(last().answers).toEqual([])
    last().tell("ready")
    expect(told).toEqual(["up", "down", "up"])
  })

  it("leaves no connection behind if it is closed while it connects", async () => {
    const link = new Link(() => made[made.push(new FakeClient()) - 1] as FakeClient, 1000, { up() {}, down() {} })
    const open = link.open()
    link.close()
    last().destroyed = false
    last().tell("ready")
    await open
    expect([last().destroyed, link.up]).toEqual([true, false])
  })

  it("sends nothing more behind what is not answered, and is back with the first late answer", async () => {
    const link = await opened()
    const asked = link.ask("GET", "a").catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await asked).toMatchObject({ code: "cluster_unavailable" })
    await expect(link.ask("GET", "b")).rejects.toMatchObject({ code: "cluster_unavailable" })
    expect(last().answers).toHaveLength(1)
    last().answers[0]?.("late")
    await vi.advanceTimersByTimeAsync(0)
    expect([link.up, told]).toEqual([true, ["up", "down", "up"]])
  })

  it("does not take its own standing still for a Redis that does not answer", async () => {
    const link = await opened()
    vi.useRealTimers()
    const asked = link.ask("GET", "a")
    const until = performance.now() + 1500
    while (performance.now() < until) Math.sqrt(until)
    // The reply has been readable all the time, and is read now.
    setImmediate(() => last().answers[0]?.("in time"))
    expect(await asked).toBe("in time")
    expect(link.up).toBe(true)
  })

  it("waits for an answer as long as those before it come", async () => {
    const link = await opened()
    const asked = ["a", "b", "c", "d"].map((key) => link.ask("GET", key))
    for (const answer of last().answers) {
      await vi.advanceTimersByTimeAsync(700)
      answer("in turn")
    }
    expect(await Promise.all(asked)).toEqual(asked.map(() => "in turn"))
    expect(told).toEqual(["up"])
  })

  it("is made anew where it seems open and does not answer, and not more often than Redis can bear", async () => {
    const link = await opened()
    await vi.advanceTimersByTimeAsync(10_000)
    for (let second = 0; second < 60; second++) {
      void link.check()
      await vi.advanceTimersByTimeAsync(1000)
    }
    // One for every five seconds in which nothing came of the one before.
    expect(made.length).toBeGreaterThan(5)
    expect(made.length).toBeLessThan(14)
    expect(made.slice(0, -1).every(({ destroyed }) => destroyed)).toBe(true)
    last().tell("ready")
    expect(link.up).toBe(true)
    link.close()
    expect(last().destroyed).toBe(true)
  })

  it("says so when Redis cannot be reached at first, and goes on trying", async () => {
    const client = new FakeClient()
    const link = new Link(() => client, 1000, { up: () => {}, down: () => {} })
    const open = link.open().catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(5000)
    expect(await open).toMatchObject({ code: "cluster_unavailable" })
    client.tell("ready")
    expect(link.up).toBe(true)
  })
})
