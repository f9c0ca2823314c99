import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { HeldBytes, type Holder } from "../../../lib/server/limits/held-bytes.js"
import { KeptBytes } from "../../../lib/server/limits/kept-bytes.js"
import { nodeRuntime } from "../../../lib/runtime/node/platform/node-runtime.js"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function holder(name: string, bytes: number, gone: string[]): Holder & { bytes: number } {
  return {
    bytes,
    get heldBytes() {
      return this.bytes
    },
    giveUp() {
      gone.push(name)
      this.bytes = 0
    },
  }
}

describe("bytes that are held", () => {
  it("may be as many as the limit, however they are spread", () => {
    const gone: string[] = []
    const held = new HeldBytes(100_000, nodeRuntime)
    for (const name of ["a", "b"]) held.note(holder(name, 50_000, gone))
    vi.advanceTimersByTime(1000)
    expect(gone).toEqual([])
  })

  it("over the limit, the holders of the most bytes are closed, and no more of them than necessary", () => {
    const gone: string[] = []
    const held = new HeldBytes(100_000, nodeRuntime)
    for (const [name, bytes] of Object.entries({ a: 30_000, b: 60_000, c: 40_000, d: 50_000 })) {
      held.note(holder(name, bytes, gone))
    }
    vi.advanceTimersByTime(1000)
    expect(gone).toEqual(["b", "d"])
  })

  it("the bytes of a closed client do not count, although it holds them until its connection has ended", () => {
    const gone: string[] = []
    const held = new HeldBytes(100_000, nodeRuntime)
    const closing: Holder = {
      heldBytes: 90_000,
      giveUp() {
        gone.push("closing")
        held.note(closing)
      },
    }
    held.note(closing)
    for (const name of ["a", "b"]) held.note(holder(name, 20_000, gone))
    vi.runAllTicks()
    vi.advanceTimersToNextTimer()
    expect(gone).toEqual(["closing"])
  })

  it("are looked at as they are then, and not as they were", () => {
    const gone: string[] = []
    const held = new HeldBytes(100_000, nodeRuntime)
    const [a, b] = [holder("a", 90_000, gone), holder("b", 20_000, gone)]
    held.note(a)
    held.note(b)
    a.bytes = 0
    vi.advanceTimersByTime(1000)
    expect(gone).toEqual([])
    b.bytes = 120_000
    vi.advanceTimersByTime(1000)
    expect(gone).toEqual(["b"])
  })

  it("the bytes of clients that have gone do not count", () => {
    const gone: string[] = []
    const held = new HeldBytes(100_000, nodeRuntime)
    const [a, b] = [holder("a", 90_000, gone), holder("b", 80_000, gone)]
    held.note(a)
    held.note(b)
    held.forget(a)
    vi.advanceTimersByTime(1000)
    expect(gone).toEqual([])
  })

  it("are not looked at where they are few, and leave no timer behind", () => {
    const held = new HeldBytes(100, nodeRuntime)
    held.note(holder("a", 10_000, []))
    expect(vi.getTimerCount()).toBe(0)
    const large = holder("b", 20_000, [])
    held.note(large)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(1000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it("bytes kept by a handler that has ended its own connection count until the handler ends", () => {
    const held = new HeldBytes(100_000, nodeRuntime)
    const kept = new KeptBytes(held, { giveUp: () => expect.fail("there is nothing left to close") })
    kept.end()
    const receipts = [kept.keep("push", 60_000), kept.keep("push", 60_000)]
    vi.advanceTimersByTime(1000)
    expect(held.isFull).toBe(true)
    for (const receipt of receipts) receipt.release()
    expect(held.isFull).toBe(false)
    held.leave(60_000)
    expect(held.isFull).toBe(true)
  })
})
