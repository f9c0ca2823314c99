import { expect, it } from "vitest"
import { chosenSeed } from "../random.js"
import { liveThrough } from "./day.js"

// `npm run soak -- day` is the whole day.
it("a socket lives through hours of lost lines, silence and tokens that run out", async () => {
  const day = await liveThrough(4, chosenSeed())
  const { ok = 0, disconnected = 0, timeout = 0, ...others } = day.outcomes
  // Every push has an outcome, and none has another's.
  expect(others).toEqual({})
  expect(ok + disconnected + timeout).toBe(day.pushes)
  // What came while a line was gone comes later, and once.
  expect([day.numbered, day.lost, day.doubled]).toEqual([4 * 60 * 10, 0, 0])
  expect(day.late).toBeGreaterThan(0)
  expect(ok).toBeGreaterThan(day.pushes * 0.8)
  expect(day.tokens).toBeGreaterThanOrEqual(4)
  // A beat after each half minute of silence, and one timer each for the line, the rooms and the pushes in flight.
  expect(day.heartbeats).toBeLessThanOrEqual(4 * 120 + 20)
  expect(day.heartbeats).toBeGreaterThan(4 * 60)
  expect(day.timers).toBeLessThan(60)
  expect(day.connections).toBeGreaterThan(4)
})
