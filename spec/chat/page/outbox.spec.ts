import { beforeEach, describe, expect, it } from "vitest"
import { Outbox, type Outgoing } from "../../../lib/chat/page/outbox.js"
import { messageOf } from "./messages.js"

let outbox: Outbox
beforeEach(() => {
  outbox = new Outbox()
})

/** Adds a text after the nth message, and sends it. */
function send(content: string, after: number): Outgoing {
  const item = outbox.add(content, messageOf(after))
  item.state = "sending"
  return item
}
const left = (): string[] => outbox.items.map(({ content }) => content)

describe("what is on its way", () => {
  it("waits until it is sent, in the order of its saying", () => {
    outbox.add("one", undefined)
    send("two", 1)
    outbox.add("three", undefined)
    expect(outbox.waiting.map(({ content }) => content)).toEqual(["one", "three"])
  })

  it("is gone when it comes back as a message", () => {
    send("hello", 1)
    outbox.arrived(messageOf(2, "ada", "hello"))
    expect(left()).toEqual([])
  })

  it("is found among what was missed, though it seemed to have failed", () => {
    outbox.fail(send("hello", 1), "The connection was lost.")
    outbox.arrived(messageOf(5, "ada", "hello"))
    expect(left()).toEqual([])
  })

  it("is not taken for the same words of before", () => {
    send("hello", 3)
    outbox.arrived(messageOf(3, "ada", "hello"))
    outbox.arrived(messageOf(4, "ada", "goodbye"))
    expect(left()).toEqual(["hello"])
  })

  it("stays while it was never sent, though the same was said elsewhere", () => {
    outbox.add("hello", messageOf(1))
    outbox.arrived(messageOf(2, "ada", "hello"))
    expect(left()).toEqual(["hello"])
  })

  it("is one for one when the same is said twice", () => {
    send("hello", 1)
    const second = send("hello", 1)
    outbox.arrived(messageOf(2, "ada", "hello"))
    expect(outbox.items).toEqual([second])
  })

  it("keeps its text when it fails, and says why", () => {
    outbox.fail(send("hello", 1), "Too many messages.")
    expect(outbox.items[0]).toMatchObject({ content: "hello", state: "failed", error: "Too many messages." })
  })
})
