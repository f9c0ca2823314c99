import { describe, expect, it } from "vitest"
import { Telemetry } from "../../../lib/server/telemetry/telemetry.js"

describe("the telemetry of an endpoint", () => {
  it("listens to an event until the last of its listeners is gone", () => {
    const telemetry = new Telemetry(undefined)
    const stops = [1, 2].map(() => telemetry.on("pushHandled", () => {}))
    expect(telemetry.listens("pushHandled")).toBe(true)
    stops[0]?.()
    expect(telemetry.listens("pushHandled")).toBe(true)
    stops[1]?.()
    expect(telemetry.listens("pushHandled")).toBe(false)
  })
})
