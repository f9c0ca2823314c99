import type { IncomingMessage } from "node:http"
import { describe, expect, it } from "vitest"
import { addressOf, type TrustProxy } from "rookery/server"
import { networkOf, readAddress } from "../../../../lib/server/support/ip-address.js"
import { stages } from "../../../support/stage.js"
import { WireClient } from "../../../support/wire-client.js"

const stage = stages()

const from = (remoteAddress: string, forwarded: string | undefined, trust: TrustProxy): string | undefined =>
  addressOf(
    { socket: { remoteAddress }, headers: { "x-forwarded-for": forwarded } } as unknown as IncomingMessage,
    trust,
  )

describe("an address that a proxy forwards", () => {
  it.each([
    ["with a port", "192.0.2.1:50001", "192.0.2.1"],
    ["in brackets, with a port", "[2001:db8::1]:50001", "2001:db8::1"],
    ["in brackets", "[2001:db8::1]", "2001:db8::1"],
    ["in capitals and with zeros", "2001:0DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["with a zone", "fe80::1%eth0", "fe80::1"],
    ["of IPv4 within IPv6", "::ffff:192.0.2.1", "192.0.2.1"],
    ["of IPv4 within IPv6, in hexadecimal", "::ffff:c000:201", "192.0.2.1"],
  ])("is read %s as the plain address", (_, text, address) => {
    expect(readAddress(text)).toBe(address)
  })

  it.each(["", "unknown", "_hidden", "192.0.2", "192.0.2.1:http", "1:2", "[]", "999.0.2.1"])(
    "%j is not read as an address",
    (text) => {
      expect(readAddress(text)).toBeUndefined()
    },
  )

  it("counts for the proxy itself where it is no IP address, so that no client gets a new address with each request", () => {
    expect(from("10.0.0.1", "192.0.2.1, something-new", 1)).toBe("10.0.0.1")
  })

  it("is followed through as many proxies as are trusted, and no further", () => {
    const header = "198.51.100.9, 192.0.2.1:4000, 10.0.0.2"
    expect(from("10.0.0.1", header, false)).toBe("10.0.0.1")
    expect(from("10.0.0.1", header, 1)).toBe("10.0.0.2")
    expect(from("10.0.0.1", header, 2)).toBe("192.0.2.1")
    expect(from("10.0.0.1", header, 9)).toBe("198.51.100.9")
    expect(from("::ffff:10.0.0.1", header, ["10.0.0.1", "::ffff:10.0.0.2"])).toBe("192.0.2.1")
    expect(from("10.0.0.9", header, ["10.0.0.1"])).toBe("10.0.0.9")
  })

  it("is one network of 64 bits, however an IPv6 address is written", () => {
    const written = ["2001:db8::1", "2001:0db8:0000:0000::2", "2001:DB8:0:0:ffff:0:0:1"]
    expect(new Set(written.map(networkOf))).toEqual(new Set(["2001:db8:0:0"]))
  })

  it("counts once where the proxy appends the port of each connection", async () => {
    const { connect } = await stage({ trustProxy: 1, limits: { connectionsPerAddress: 1 } })
    const open = (forwarded: string): Promise<WireClient> =>
      connect({ client: { headers: { "x-forwarded-for": forwarded } } })
    await open("192.0.2.1:50001")
    await expect(open("192.0.2.1:50002")).rejects.toThrow("HTTP 429")
    await expect(open("192.0.2.2:50001")).resolves.toBeInstanceOf(WireClient)
  })
})
