import { EventEmitter } from "node:events"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { MasterClient } from "../../lib/redis/master-client.js"
import type { RedisClient, RedisReply, SentinelClient } from "../../lib/redis/redis-client.js"

/** A server that a Sentinel names, and the client of it. */
class FakeMaster extends EventEmitter implements RedisClient {
  isReady = false
  isDestroyed = false
  /** Has the connection wait, as one does on which TCP connects. */
  connecting = Promise.resolve()
  answer: (command: string) => RedisReply = (command) => (command === "ROLE" ? ["master", 0, []] : "OK")

  duplicate(): RedisClient {
    return this
  }
  async connect(): Promise<void> {
    await this.connecting
    this.isReady = true
  }
  destroy(): void {
    this.isDestroyed = true
    this.isReady = false
  }
  async sendCommand([command]: readonly (string | Buffer)[]): Promise<RedisReply> {
    return this.answer(String(command))
  }
  async subscribe(): Promise<void> {}
  async unsubscribe(): Promise<void> {}
  async sSubscribe(): Promise<void> {}
  async sUnsubscribe(): Promise<void> {}

  /** Becomes a replica, with its connections. */
  demote(): void {
    this.answer = (command) => {
      if (command === "ROLE") return ["slave", "127.0.0.1", 6379, "connected", 0]
      throw new Error("READONLY You can't write against a read only replica.")
    }
  }
}

/** Sentinels that name these servers, one in each round, and the last one from then on. Without one they never answer. */
class FakeSentinels extends EventEmitter implements SentinelClient {
  readonly named: (FakeMaster | undefined)[]
  rounds = 0
  destroyed = 0

  constructor(...named: (FakeMaster | undefined)[]) {
    super()
    this.named = named
  }
  duplicate(): SentinelClient {
    return this
  }
  async connect(): Promise<void> {
    if (this.named[Math.min(this.rounds++, this.named.length - 1)] === undefined) await new Promise(() => {})
  }
  async destroy(): Promise<void> {
    this.destroyed++
  }
  async _execute<T>(_isReadonly: false, work: (master: RedisClient) => Promise<T>): Promise<T> {
    return work(this.named[Math.min(this.rounds, this.named.length) - 1] as FakeMaster)
  }
}

/** A client, and what it tells. */
function clientOf(sentinels: SentinelClient): { client: MasterClient; errors: string[] } {
  const client = new MasterClient(sentinels, () => 1)
  const errors: string[] = []
  client.on("error", (error: Error) => errors.push(error.message))
  return { client, errors }
}

function replica(): FakeMaster {
  const server = new FakeMaster()
  server.demote()
  return server
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe("a client of the master that Sentinels name", () => {
  it("does not use a server that says it is a replica, and asks again", async () => {
    const [stale, master] = [replica(), new FakeMaster()]
    const { client, errors } = clientOf(new FakeSentinels(stale, master))
    const connected = client.connect()
    await vi.advanceTimersByTimeAsync(0)
    expect([client.isReady, stale.isDestroyed]).toEqual([false, true])
    expect(errors).toEqual([expect.stringContaining("slave")])
    await vi.advanceTimersByTimeAsync(250)
    await connected
    expect([client.isReady, master.isReady]).toEqual([true, true])
  })

  it("uses a server that does not let this user ask what it is", async () => {
    const master = new FakeMaster()
    master.answer = () => {
      throw new Error("NOPERM User a has no permissions to run the 'role' command")
    }
    const { client } = clientOf(new FakeSentinels(master))
    await client.connect()
    expect(client.isReady).toBe(true)
  })

  it("takes a master that says READONLY for lost, and follows the next one", async () => {
    const [former, next] = [new FakeMaster(), new FakeMaster()]
    const { client, errors } = clientOf(new FakeSentinels(former, next))
    await client.connect()
    former.demote()
    await expect(client.sendCommand(["SET", "a", "1"])).rejects.toThrow("READONLY")
    expect(former.isDestroyed).toBe(true)
    expect(errors).toEqual([expect.stringContaining("READONLY")])
    await vi.advanceTimersByTimeAsync(250)
    expect(await client.sendCommand(["SET", "a", "1"])).toBe("OK")
    expect([client.isReady, next.isReady]).toEqual([true, true])
  })

  it("follows the next master when the connection is lost", async () => {
    const [former, next] = [new FakeMaster(), new FakeMaster()]
    const { client, errors } = clientOf(new FakeSentinels(former, next))
    await client.connect()
    former.isReady = false
    former.emit("error", new Error("the socket closed"))
    expect(client.isReady).toBe(false)
    await vi.advanceTimersByTimeAsync(250)
    expect([client.isReady, next.isReady, errors]).toEqual([true, true, ["the socket closed"]])
  })

  it("begins another round when a Sentinel takes the connection and does not answer", async () => {
    const sentinels = new FakeSentinels(undefined, new FakeMaster())
    const { client } = clientOf(sentinels)
    void client.connect()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([client.isReady, sentinels.rounds, sentinels.destroyed]).toEqual([true, 2, 2])
  })

  it("asks less and less often, up to every two seconds", async () => {
    const sentinels = new FakeSentinels(replica())
    const { client } = clientOf(sentinels)
    void client.connect().catch(() => undefined)
    const rounds: number[] = []
    for (const ms of [0, 250, 500, 1000, 2000, 2000, 2000]) {
      await vi.advanceTimersByTimeAsync(ms)
      rounds.push(sentinels.rounds)
    }
    expect(rounds).toEqual([1, 2, 3, 4, 5, 6, 7])
    client.destroy()
  })

  it("asks no more once it is destroyed between two rounds", async () => {
    const sentinels = new FakeSentinels(replica())
    const { client } = clientOf(sentinels)
    const connected = client.connect().catch(() => "rejected")
    await vi.advanceTimersByTimeAsync(100)
    client.destroy()
    expect(await connected).toBe("rejected")
    await vi.advanceTimersByTimeAsync(60_000)
    expect([sentinels.rounds, vi.getTimerCount()]).toEqual([1, 0])
  })

  it("leaves no connection if it is destroyed while one is made", async () => {
    const master = new FakeMaster()
    let connect = (): void => {}
    master.connecting = new Promise((resolve) => (connect = resolve))
    const { client } = clientOf(new FakeSentinels(master))
    const connected = client.connect().catch(() => "rejected")
    await vi.advanceTimersByTimeAsync(0)
    client.destroy()
    connect()
    expect(await connected).toBe("rejected")
    expect([master.isReady, client.isReady]).toEqual([false, false])
  })
})
