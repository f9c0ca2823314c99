import { describe, expect, it } from "vitest"
import { networkOf } from "../../lib/server/support/ip-address.js"
import { AddressRate } from "../../lib/server/limits/address-rate.js"

describe("an address, where addresses are counted,", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::6", "2001:db8:1:2"],
    ["2001:db8::6", "2001:db8:0:0"],
    ["2001:db8:1:2:ffff::", "2001:db8:1:2"],
    ["1::3:4:5:6:7:8", "1:0:3:4"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
  ])("%s counts as %s", (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it("is forgotten once it has kept still, so that a million of them leave nothing", () => {
    const rate = new AddressRate()
    for (let i = 0; i < 5000; i++) rate.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 1e9, 2)
    expect(rate.size).toBeLessThanOrEqual(1000)
  })

  it("is not forgotten while it has used up what it may", () => {
    const rate = new AddressRate()
    expect(rate.take("10.0.0.1", 0.001, 1)).toBe(true)
    for (let i = 0; i < 3000; i++) rate.take(`10.1.${i >> 8}.${i & 255}`, 0.001, 1)
    expect(rate.take("10.0.0.1", 0.001, 1)).toBe(false)
  })
})
