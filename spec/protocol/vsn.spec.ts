import { describe, expect, it } from "vitest"
import { servesVsn } from "../../lib/protocol/vsn.js"

describe("a serializer of 2.0.0", () => {
  it.each(["2.0.0", "2.0.9", "2.0.10", "2.0.1-rc.1", "2.0.0+build"])("serves %s", (asked) => {
    expect(servesVsn("2.0.0", asked)).toBe(true)
  })

  it.each(["", "2", "2.0", "2.1.0", "3.0.0", "1.0.0", "2.0.0-rc", "abc", "2.0.0.0", "02.0.0", " 2.0.0", "2.0.x"])(
    "does not serve %j",
    (asked) => {
      expect(servesVsn("2.0.0", asked)).toBe(false)
    },
  )
})
