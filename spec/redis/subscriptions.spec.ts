import { describe, expect, it, vi } from "vitest"
import { SHARDED, PLAIN } from "../../lib/redis/pub-sub.js"
import type { RedisClient } from "../../lib/redis/redis-client.js"
import type { Link } from "../../lib/redis/redis-link.js"
import { Subscriptions } from "../../lib/redis/subscriptions.js"

/** A client that subscribes again to its channels whenever it comes back, as that of node-redis does. */
class FakeClient {
  readonly channels = new Set<string>()
  readonly asked: string[] = []

  subscribe(channels: string[]): Promise<void> {
    this.asked.push(`subscribe ${channels}`)
    for (const channel of channels) this.channels.add(channel)
    return Promise.resolve()
  }
  unsubscribe(channels: string[]): Promise<void> {
    this.asked.push(`unsubscribe ${channels}`)
    for (const channel of channels) this.channels.delete(channel)
    return Promise.resolve()
  }
  sSubscribe = this.subscribe
  sUnsubscribe = this.unsubscribe
}

/** A link that is up and down when it is told to be. */
class FakeLink {
  up = true
  client = new FakeClient()

  do<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.up ? work(this.client as unknown as RedisClient) : Promise.reject(new Error("down"))
  }
}

describe.each([
  ["PUBLISH", PLAIN],
  ["SPUBLISH", SHARDED],
] as const)("the subscriptions over %s", (_, pubSub) => {
  const failed = vi.fn<(error: unknown) => void>()
  const subscriptions = (link: FakeLink): Subscriptions =>
    new Subscriptions(link as unknown as Link, pubSub, () => undefined, failed)

  it("listens no more to a channel that was removed while the link was down", async () => {
    const link = new FakeLink()
    const all = subscriptions(link)
    await Promise.all([all.add("a"), all.add("b"), all.add("c")])
    link.up = false
    all.remove("a")
    all.remove("b")
    link.up = true
    await all.again()
    expect([...link.client.channels]).toEqual(["c"])
  })

  it("listens no more to a channel whose removal the link did not get", async () => {
    const link = new FakeLink()
    const all = subscriptions(link)
    await Promise.all([all.add("a"), all.add("b")])
    all.remove("a")
    link.up = false
    await vi.waitFor(() => expect(failed).toHaveBeenCalled())
    link.up = true
    await all.again()
    expect([...link.client.channels]).toEqual(["b"])
  })

  it("asks a client that was made anew for nothing but what is wanted", async () => {
    const link = new FakeLink()
    const all = subscriptions(link)
    await Promise.all([all.add("a"), all.add("b")])
    link.up = false
    all.remove("a")
    link.client = new FakeClient()
    link.up = true
    await all.again()
    expect(link.client.asked).toEqual(["subscribe b"])
  })

  it("listens to a channel that was removed and added again while the link was down", async () => {
    const link = new FakeLink()
    const all = subscriptions(link)
    await all.add("a")
    link.up = false
    all.remove("a")
    await expect(all.add("a")).resolves.toBeUndefined()
    link.up = true
    await all.again()
    expect([...link.client.channels]).toEqual(["a"])
  })
})
