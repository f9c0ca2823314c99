import { describe, expect, it } from "vitest"
import { DEFAULT_LIMITS } from "rookery/server"
import { resolveLimits } from "../../../lib/server/limits/resolve-limits.js"

describe("the limits that hold", () => {
  it("are the defaults unless others are given", () => {
    expect(resolveLimits()).toEqual(DEFAULT_LIMITS)
    expect(resolveLimits({ channels: 7 })).toEqual({ ...DEFAULT_LIMITS, channels: 7 })
  })

  it("leave room for those that were widened", () => {
    const widened = { pushesPerSecond: 20_000, pushBurst: 50_000, channels: 5000, connectionsPerAddress: Infinity }
    expect(resolveLimits(widened)).toEqual({
      ...DEFAULT_LIMITS,
      ...widened,
      framesPerSecond: 100_000,
      frameBurst: 250_000,
      joinBurst: 5000,
      connectBurst: Infinity,
      tcpConnectionsPerAddress: Infinity,
      requestBurst: Infinity,
    })
  })

  it("are what was said, even where that leaves no room", () => {
    const said = { pushesPerSecond: Infinity, framesPerSecond: 10, frameBurst: 1, joinBurst: 2, connectBurst: 3 }
    expect(resolveLimits(said)).toEqual({ ...DEFAULT_LIMITS, ...said })
  })
})
