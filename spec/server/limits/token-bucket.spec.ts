import { describe, expect, it } from "vitest"
import { TokenBucket } from "../../../lib/server/limits/token-bucket.js"

const RATE = 1000
const BURST = 160

function made(): { taken(count: number): number; pass(ms: number): void; reads(): number; bucket: TokenBucket } {
  let time = 0
  let reads = 0
  const bucket = new TokenBucket(RATE, BURST, () => {
    reads++
    return time
  })
  const taken = (count: number): number => Array.from({ length: count }).filter(() => bucket.take()).length
  return { taken, pass: (ms) => void (time += ms), reads: () => reads, bucket }
}

describe("a token bucket", () => {
  it("gives a burst at once, and then the rate", () => {
    const { taken, pass } = made()
    expect(taken(1000)).toBe(BURST)
    pass(50)
    expect(taken(1000)).toBe(50)
  })

  it("gives no second burst to a client that was quiet for long", () => {
    const { taken, pass } = made()
    pass(3_600_000)
    // The clock is read once in a sixteenth of the burst.
    expect(taken(1000)).toBeLessThanOrEqual(BURST + BURST / 16)
    pass(10)
    expect(taken(1000)).toBe(10)
    pass(3_600_000)
    expect(taken(1000)).toBeLessThanOrEqual(BURST + BURST / 16)
  })

  it("refuses nothing to a client that stays at the rate", () => {
    const { taken, pass } = made()
    for (let n = 0; n < 10_000; n++) {
      expect(taken(1)).toBe(1)
      pass(1)
    }
  })

  it("reads the clock for few of the tokens of a client below the rate", () => {
    const { taken, pass, reads } = made()
    for (let n = 0; n < 1000; n++) {
      taken(1)
      pass(10)
    }
    expect(reads()).toBeLessThan(1000 / 8)
  })

  it("gives more tokens than it holds when it is full, and is empty for as long as they take", () => {
    const { taken, pass, bucket } = made()
    expect(bucket.take(2 * BURST)).toBe(true)
    pass(BURST)
    expect([bucket.take(), bucket.isFull()]).toEqual([false, false])
    pass(BURST)
    expect(bucket.isFull()).toBe(true)
    expect(taken(1000)).toBe(BURST)
  })
})
