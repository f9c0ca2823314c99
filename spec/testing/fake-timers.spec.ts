import { afterEach, describe, expect, it, vi } from "vitest"
import { ChannelTest } from "rookery/testing"
import { makeApp } from "./app.js"

afterEach(() => vi.useRealTimers())

describe("under fake timers", () => {
  it("a test goes on, and the time of its application stands still until it is advanced", async () => {
    vi.useFakeTimers()
    await using test = new ChannelTest(makeApp(), { refuteTimeout: 10 })
    const room = await (await test.connect()).join("room:present", { name: "Ada" })
    await room.expectPresence("Ada")
    const push = room.push("later", { ms: 5000 })
    await vi.advanceTimersByTimeAsync(4999)
    await push.refuteReply()
    await vi.advanceTimersByTimeAsync(1)
    expect(await push.expectReply("ok")).toEqual({ late: true })
    room.push("boom", { message: "kaput" })
    expect(await room.expectCrash()).toEqual(new Error("kaput"))
    expect(vi.getTimerCount()).toBe(0)
  })

  it("an expectation fails after its own time", async () => {
    vi.useFakeTimers()
    await using test = new ChannelTest(makeApp(), { timeout: 5 })
    const room = await (await test.connect()).join("room:1", { name: "Ada" })
    await expect(room.expectPush("tick")).rejects.toThrow("within 5 ms")
  })
})
