import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { forgetRoom, rememberedRooms, rememberRoom } from "../../../lib/chat/page/preferences.js"

beforeEach(() => {
  const stored = new Map<string, string>()
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  })
})
afterEach(() => vi.unstubAllGlobals())

describe("the rooms that a browser remembers", () => {
  it("are the lobby at first, and those of every tab later", () => {
    expect(rememberedRooms()).toEqual(["lobby"])
    rememberRoom("birds")
    rememberRoom("trees")
    rememberRoom("birds")
    expect(rememberedRooms()).toEqual(["lobby", "birds", "trees"])
    forgetRoom("lobby")
    forgetRoom("birds")
    expect(rememberedRooms()).toEqual(["trees"])
  })

  it("are the lobby again once the last was left", () => {
    rememberRoom("birds")
    forgetRoom("birds")
    forgetRoom("lobby")
    expect(rememberedRooms()).toEqual(["lobby"])
  })

  it("are the lobby where the storage is forbidden", () => {
    const forbidden = (): never => {
      throw new DOMException("forbidden", "SecurityError")
    }
    vi.stubGlobal("localStorage", { getItem: forbidden, setItem: forbidden })
    rememberRoom("birds")
    expect(rememberedRooms()).toEqual(["lobby"])
  })
})
