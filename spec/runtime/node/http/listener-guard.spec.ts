import { EventEmitter } from "node:events"
import { describe, expect, it } from "vitest"
import { guardListeners } from "../../../../lib/runtime/node/http/listener-guard.js"

/** An emitter with a guard that takes the subject "ours", and the calls that each listener got. */
function guarded(emitter = new EventEmitter()) {
  const calls: string[] = []
  const listener =
    (name: string) =>
    (subject: string): void =>
      void calls.push(`${name}: ${subject}`)
  const begin = () =>
    guardListeners(
      emitter,
      "request",
      (subject) => subject === "ours",
      (subject) => calls.push(`first: ${subject}`),
    )
  return { emitter, calls, listener, begin }
}

const microtasks = (): Promise<void> => Promise.resolve()

describe("listeners behind a guard", () => {
  it("get what is not taken, in their order, and nothing of what is", async () => {
    const { emitter, calls, listener, begin } = guarded()
    emitter.on("request", listener("before"))
    begin()
    emitter.on("request", listener("after"))
    await microtasks()
    emitter.emit("request", "ours")
    emitter.emit("request", "theirs")
    expect(calls).toEqual(["first: ours", "first: theirs", "before: theirs", "after: theirs"])
  })

  it("stay behind the guard where one is put before it later", async () => {
    const { emitter, calls, listener, begin } = guarded()
    begin()
    emitter.prependListener("request", listener("in front"))
    await microtasks()
    emitter.emit("request", "ours")
    expect(calls).toEqual(["first: ours"])
  })

  it("are still found by the emitter, and can be taken off it", () => {
    const { emitter, calls, listener, begin } = guarded()
    const theirs = listener("theirs")
    emitter.on("request", theirs)
    begin()
    expect(emitter.listeners("request")).toContain(theirs)
    emitter.off("request", theirs)
    emitter.emit("request", "theirs")
    expect(calls).toEqual(["first: theirs"])
  })

  it("are called once where they were added so", () => {
    const { emitter, calls, listener, begin } = guarded()
    emitter.once("request", listener("once"))
    begin()
    for (const subject of ["ours", "one", "two"]) emitter.emit("request", subject)
    expect(calls.filter((call) => call.startsWith("once"))).toEqual(["once: one"])
    expect(emitter.listenerCount("request")).toBe(1)
  })

  it("are called by the guard alone, which says whether there are any", () => {
    const { emitter, calls, listener, begin } = guarded()
    const guard = begin()
    expect(guard.pass("one")).toBe(false)
    emitter.on("request", listener("theirs"))
    expect(guard.pass("two")).toBe(true)
    expect(calls).toEqual(["theirs: two"])
  })

  it("are as they were once the guard has ended", async () => {
    const { emitter, calls, listener, begin } = guarded()
    const [before, after] = [listener("before"), listener("after")]
    emitter.on("request", before)
    const guard = begin()
    emitter.on("request", after)
    guard.end()
    await microtasks()
    expect(emitter.rawListeners("request")).toEqual([before, after])
    expect(emitter.listenerCount("newListener")).toBe(0)
    emitter.emit("request", "ours")
    expect(calls).toEqual(["before: ours", "after: ours"])
  })
})
