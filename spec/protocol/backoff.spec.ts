import { describe, expect, it } from "vitest"
import { reconnectDelay, rejoinDelay } from "../../lib/protocol/backoff.js"
import { GOING_AWAY, NORMAL, SERVICE_RESTART, TRY_AGAIN_LATER } from "../../lib/protocol/close-codes.js"

const middle = (): number => 0.5
const lowest = (): number => 0
const highest = (): number => 1 - 2 ** -53

const delays = (count: number, delay: (tries: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => delay(i + 1))

describe("reconnectDelay", () => {
  it("takes phoenix.js's steps, and stays at the last", () => {
    const steps = [10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000, 5000, 5000]
    expect(delays(12, (tries) => reconnectDelay(tries, middle))).toEqual(steps)
    expect(reconnectDelay(1_000_000, middle)).toBe(5000)
  })

  it("spreads each step by half of it to either side", () => {
    expect(reconnectDelay(4, lowest)).toBe(75)
    expect(reconnectDelay(4, highest)).toBeCloseTo(225)
  })

  it.each([
    ["1000", NORMAL, 1000],
    ["1001", GOING_AWAY, 1000],
    ["1012", SERVICE_RESTART, 5000],
    ["1013", TRY_AGAIN_LATER, 5000],
  ])("spreads the first return after %s over a window, because everybody was sent away at once", (_, code, window) => {
    expect(reconnectDelay(1, lowest, code)).toBe(0)
    expect(reconnectDelay(1, middle, code)).toBe(window / 2)
    expect(reconnectDelay(1, highest, code)).toBeCloseTo(window)
    expect(reconnectDelay(2, middle, code)).toBe(50)
  })

  it("takes the steps after any other close", () => {
    expect(reconnectDelay(1, middle, 1006)).toBe(10)
    expect(reconnectDelay(1, middle, false)).toBe(10)
  })

  it("does not wait before the first attempt", () => {
    expect(reconnectDelay(0, middle)).toBe(0)
  })
})

describe("rejoinDelay", () => {
  it("takes phoenix.js's steps, spread, and stays at the last", () => {
    expect(delays(6, (tries) => rejoinDelay(tries, middle))).toEqual([1000, 2000, 5000, 10000, 10000, 10000])
    expect(rejoinDelay(1, lowest)).toBe(500)
    expect(rejoinDelay(1, highest)).toBeCloseTo(1500)
  })
})
