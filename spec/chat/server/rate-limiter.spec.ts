import { describe, expect, it } from "vitest"
import { networkOf, RateLimiter } from "../../../lib/chat/server/rate-limiter.js"

describe("a rate limiter", () => {
  it("lets through so many at once, and one more each time", () => {
    let now = 0
    const limiter = new RateLimiter({ burst: 2, everyMs: 100 }, () => now)
    expect([limiter.take("a"), limiter.take("a"), limiter.take("a")]).toEqual([0, 0, 100])
    now = 40
    expect(limiter.take("a")).toBe(60)
    now = 100
    expect([limiter.take("a"), limiter.take("a")]).toEqual([0, 100])
    now = 1000
    expect([limiter.take("a"), limiter.take("a"), limiter.take("a")]).toEqual([0, 0, 100])
  })

  it("tells how long to wait without taking one", () => {
    const limiter = new RateLimiter({ burst: 1, everyMs: 100 }, () => 0)
    expect([limiter.wait("a"), limiter.wait("a"), limiter.take("a"), limiter.wait("a")]).toEqual([0, 0, 0, 100])
  })

  it("counts each key for itself", () => {
    const limiter = new RateLimiter({ burst: 1, everyMs: 100 }, () => 0)
    expect([limiter.take("a"), limiter.take("b"), limiter.take("a"), limiter.take("b")]).toEqual([0, 0, 100, 100])
  })

  it("is not filled up by those who come once", () => {
    const limiter = new RateLimiter({ burst: 1, everyMs: 100 }, () => 0)
    limiter.take("first")
    for (let i = 0; i < 100_001; i++) limiter.take(`key ${i}`)
    // The limiter remembers at least fifty thousand keys, and the first is not among them.
    expect(limiter.take("key 100000")).toBe(100)
    expect(limiter.take("first")).toBe(0)
  })
})

describe("a rate limiter that many keys fill", () => {
  it("looks at each key in the same time, however many came before", () => {
    const clock = { now: 0 }
    const limiter = new RateLimiter({ burst: 1, everyMs: 100 }, () => clock.now)
    const takes = (count: number, from: number): number => {
      const start = performance.now()
      for (let i = 0; i < count; i++) limiter.take(`key ${from + i}`)
      return performance.now() - start
    }
    takes(20_000, 0)
    const [few, many] = [takes(50_000, 20_000), takes(200_000, 70_000)]
    // The second run has four times as many keys; holes in the map would make it hundreds of times slower.
    expect(many).toBeLessThan(few * 40)
  })

  it("keeps what it knows of a key until the key is back at its full burst", () => {
    let now = 0
    const limiter = new RateLimiter({ burst: 2, everyMs: 100 }, () => now)
    limiter.take("a")
    limiter.take("a")
    for (now = 0; now < 100; now += 10) {
      limiter.take(`other ${now}`)
      expect(limiter.take("a")).toBe(100 - now)
    }
  })
})

describe("the network of an address", () => {
  it.each([
    ["203.0.113.1", "203.0.113.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["not an address", "not an address"],
    [undefined, ""],
  ])("the network of the address %j is %j", (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
