import { describe, expect, it } from "vitest"
import { DeadlineQueue } from "../../../lib/server/support/deadline-queue.js"
import { FakeClock } from "../../support/fake-clock.js"

const queue = (ms: number): { queue: DeadlineQueue<string>; clock: FakeClock; due: string[] } => {
  const clock = new FakeClock()
  const due: string[] = []
  return { queue: new DeadlineQueue<string>(ms, clock, (item) => due.push(item)), clock, due }
}

describe("a queue of deadlines", () => {
  it("gives each item its time from its own beginning, by one timer", () => {
    const { queue: items, clock, due } = queue(100)
    items.add("a")
    clock.pass(60)
    items.add("b")
    expect(clock.pending).toBe(1)
    clock.pass(40)
    expect(due).toEqual(["a"])
    clock.pass(60)
    expect(due).toEqual(["a", "b"])
    expect([items.size, clock.pending]).toEqual([0, 0])
  })

  it("gives an item that is added again its time anew", () => {
    const { queue: items, clock, due } = queue(100)
    items.add("a")
    items.add("b")
    clock.pass(60)
    items.add("a")
    expect(items.oldest).toBe("b")
    clock.pass(40)
    expect(due).toEqual(["b"])
    clock.pass(60)
    expect(due).toEqual(["b", "a"])
  })

  it("leaves no timer behind when the last item is taken out", () => {
    const { queue: items, clock, due } = queue(100)
    items.add("a")
    items.delete("a")
    items.delete("a")
    expect(clock.pending).toBe(0)
    clock.pass(1000)
    expect(due).toEqual([])
  })

  it("takes an item that is added while others are due as a new one", () => {
    const clock = new FakeClock()
    let times = 0
    const items: DeadlineQueue<string> = new DeadlineQueue<string>(100, clock, (item) => {
      times++
      if (times < 3) items.add(item)
    })
    items.add("a")
    clock.pass(100)
    expect(times).toBe(1)
    clock.pass(1000)
    expect(times).toBe(3)
    expect(clock.pending).toBe(0)
  })

  it("a queue without a deadline keeps its items in order and sets no timer", () => {
    const { queue: items, clock } = queue(Infinity)
    items.add("a")
    items.add("b")
    expect([items.oldest, items.size, clock.pending]).toEqual(["a", 2, 0])
  })
})
