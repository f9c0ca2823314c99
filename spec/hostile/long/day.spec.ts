import { expect, it } from "vitest"
import { chosenSeed } from "../random.js"
import { liveThrough } from "./day.js"

// `npm run soak -- day` runs the whole day.
it("a socket lives through hours of lost connections, silence and expired tokens", async () => {
  const day = await liveThrough(4, chosenSeed())
  const { ok = 0, disconnected = 0, timeout = 0, ...others } = day.outcomes
  // Every push has an outcome, and none has the answer of another.
  expect(others).toEqual({})
  expect(ok + disconnected + timeout).toBe(day.pushes)
  // Broadcasts during a lost connection arrive later, and once.
  expect([day.numbered, day.lost, day.doubled]).toEqual([4 * 60 * 10, 0, 0])
  expect(day.late).toBeGreaterThan(0)
  expect(ok).toBeGreaterThan(day.pushes * 0.8)
  expect(day.tokens).toBeGreaterThanOrEqual(4)
  // A heartbeat follows each half minute of silence. Timers: one each for the connection, the rooms and pending pushes.
  expect(day.heartbeats).toBeLessThanOrEqual(4 * 120 + 20)
  expect(day.heartbeats).toBeGreaterThan(4 * 60)
  expect(day.timers).toBeLessThan(60)
  expect(day.connections).toBeGreaterThan(4)
})
