import { isIPv4, isIPv6 } from "node:net"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readAddress } from "../../../lib/server/support/ip-address.js"

/** Parts of addresses, so that many of the generated texts are almost valid. */
const PARTS = ["0", "1", "25", "255", "256", "01", ".", ":", "::", "a", "FFFF", "fffff", "::ffff:", "1.2.3.4", "g", " "]

describe("an address that is read without Node", () => {
  it("is one where Node says so", () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(fc.constantFrom(...PARTS), { maxLength: 17 }).map((parts) => parts.join("")),
    )
    fc.assert(
      fc.property(text, (address) => {
        const bare = address.trim()
        // With a port it is one as well.
        if (/^[\d.]+:\d+$/.test(bare)) return
        expect(readAddress(address) !== undefined).toBe(isIPv4(bare) || isIPv6(bare))
      }),
      { numRuns: 2000 },
    )
  })
})
