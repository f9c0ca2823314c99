import { describe, expect, it } from "vitest"
import { lightOf, lightText, type LineState } from "../../../lib/chat/page/light.js"

const NOW = 1_000_000
const shown = (line: Partial<LineState>): string =>
  lightText(lightOf({ status: "connected", online: true, ...line }, NOW))

describe("the connection light", () => {
  it("shows the state of the connection", () => {
    expect(shown({ status: "connecting" })).toBe("Connecting…")
    expect(shown({ status: "connected" })).toBe("Connected")
    expect(shown({ status: "disconnected" })).toBe("Offline")
  })

  it("counts down to the next attempt, and then shows that it is made", () => {
    const at = (left: number): string => shown({ status: "reconnecting", retryAt: NOW + left })
    expect([at(2001), at(2000), at(1), at(0), at(-500)]).toEqual([
      "Reconnecting in 3 s",
      "Reconnecting in 2 s",
      "Reconnecting in 1 s",
      "Reconnecting…",
      "Reconnecting…",
    ])
    expect(shown({ status: "reconnecting" })).toBe("Reconnecting…")
  })

  it("shows a device without a network as offline, whatever is planned", () => {
    expect(shown({ status: "reconnecting", retryAt: NOW + 2000, online: false })).toBe("Offline")
    expect(shown({ status: "connecting", online: false })).toBe("Offline")
  })

  it("shows an open connection as connected although the device says it is offline, as long as the server answers", () => {
    expect(shown({ online: false })).toBe("Connected")
    expect(shown({ online: false, silent: true })).toBe("Offline")
  })

  it("has one colour for each kind of state", () => {
    const tone = (line: Partial<LineState>): string => lightOf({ status: "connected", online: true, ...line }, NOW).tone
    expect(tone({})).toBe("good")
    expect(tone({ status: "reconnecting" })).toBe("busy")
    expect(tone({ status: "disconnected" })).toBe("bad")
  })
})
