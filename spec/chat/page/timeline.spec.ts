import { beforeEach, describe, expect, it } from "vitest"
import { Timeline } from "../../../lib/chat/page/timeline.js"
import { messageOf, messagesOf } from "./messages.js"

let timeline: Timeline
beforeEach(() => {
  timeline = new Timeline()
})
const shown = (): string[] => timeline.messages.map(({ id }) => id)

describe("the messages of a room", () => {
  it("are each shown once, though they come twice", () => {
    expect(timeline.add(messageOf(1))).toBe(true)
    expect(timeline.add(messageOf(1))).toBe(false)
    expect(shown()).toEqual(["m1"])
  })

  it("take in what was missed, and say what is new", () => {
    timeline.catchUp(messagesOf(1, 3))
    expect(timeline.catchUp(messagesOf(2, 5)).map(({ id }) => id)).toEqual(["m4", "m5"])
    expect(shown()).toEqual(["m1", "m2", "m3", "m4", "m5"])
  })

  it("begin anew where some may be missing in between", () => {
    timeline.catchUp(messagesOf(1, 3))
    expect(timeline.catchUp(messagesOf(8, 9)).map(({ id }) => id)).toEqual(["m8", "m9"])
    expect(shown()).toEqual(["m8", "m9"])
    timeline.addEarlier(messagesOf(1, 7))
    expect(timeline.oldest?.id).toBe("m1")
    expect(timeline.newest?.id).toBe("m9")
  })

  it("stay when a join shows none", () => {
    timeline.catchUp(messagesOf(1, 2))
    expect(timeline.catchUp([])).toEqual([])
    expect(shown()).toEqual(["m1", "m2"])
  })

  it("are complete once there is nothing older", () => {
    timeline.catchUp(messagesOf(3, 4))
    expect(timeline.complete).toBe(false)
    timeline.addEarlier(messagesOf(1, 2))
    expect(timeline.complete).toBe(false)
    timeline.addEarlier([])
    expect(timeline.complete).toBe(true)
    expect(shown()).toEqual(["m1", "m2", "m3", "m4"])
  })

  it("are complete in a room where nothing was said before", () => {
    timeline.catchUp([])
    timeline.add(messageOf(1))
    expect(timeline.complete).toBe(true)
  })
})
