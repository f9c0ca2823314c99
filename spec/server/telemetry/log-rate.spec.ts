import { afterEach, describe, expect, it, vi } from "vitest"
import type { LogFields } from "rookery/server"
import { LogRate } from "../../../lib/server/telemetry/log-rate.js"
import { stages } from "../../support/stage.js"

const stage = stages()

afterEach(() => vi.useRealTimers())

describe("the log", () => {
  it("the log writes a limited number of lines of one kind, and the next one says how many were left out", () => {
    let now = 0
    const rate = new LogRate(() => now)
    const written = (count: number): number =>
      Array.from({ length: count }, () => rate.line("limit hit")).filter((line) => line !== undefined).length
    expect(written(150)).toBe(100)
    expect(rate.line("something else")).toBe("something else")
    now = 1000
    expect(rate.line("limit hit")).toBe("limit hit (and 50 lines like this were left out)")
    expect(written(20)).toBe(9)
  })

  it("a client cannot fill the log, neither with many lines nor with long ones", async () => {
    // The clock stands still, so that no further log lines are allowed; timers and sockets go on.
    vi.useFakeTimers({ toFake: ["performance"] })
    const lines: [string, LogFields][] = []
    const { connect, endpoint } = await stage(
      {
        logger: (level, message, fields) => {
          if (level === "warn" || level === "error") lines.push([message, fields])
        },
        limits: { pushesPerSecond: 0.001, pushBurst: 1 },
      },
      (made) => made.channel("room:*", { receive: { echo: (payload) => payload } }),
    )
    const client = await connect()
    await client.join("room:1")
    for (let i = 0; i < 300; i++) client.send("1", "2", "room:1", "echo", {})
    await client.take(300)
    expect(endpoint.counters().rookery_limits_hit_total).toBe(299)
    expect(lines).toHaveLength(100)

    lines.length = 0
    const other = await connect()
    await other.join("room:2")
    other.send("1", "2", "room:2", "x".repeat(100_000), {})
    await other.next()
    expect(lines).toHaveLength(1)
    const [message, { error }] = lines[0] as [string, LogFields]
    expect(message.length + String(error).length).toBeLessThan(1000)
  })
})
