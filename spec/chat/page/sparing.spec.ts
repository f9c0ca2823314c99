import { describe, expect, it } from "vitest"
import { Sparing } from "../../../lib/chat/page/sparing.js"
import { FakeClock } from "../../support/fake-clock.js"

describe("what is told sparingly", () => {
  it("is told at once, and the next time only after a while", () => {
    const clock = new FakeClock()
    const sparing = new Sparing(3000, clock)
    expect([sparing.take(), sparing.take()]).toEqual([true, false])
    clock.pass(2999)
    expect(sparing.take()).toBe(false)
    clock.pass(1)
    expect([sparing.take(), sparing.take()]).toEqual([true, false])
  })

  it("is told at once again when something new begins", () => {
    const sparing = new Sparing(3000, new FakeClock())
    sparing.take()
    sparing.free()
    expect([sparing.take(), sparing.take()]).toEqual([true, false])
  })
})
