import type { IncomingMessage } from "node:http"
import { describe, expect, it } from "vitest"
import { addressOf } from "../../../lib/runtime/node/http/client-address.js"
import type { TrustProxy } from "../../../lib/server/support/forwarded-address.js"

import { originCheck } from "../../../lib/server/admission/origins.js"

describe("an origin", () => {
  const listed = originCheck(
    ["https://good.example", "//*.wild.example", "//port.example:8080", "app://localhost"],
    undefined,
  )

  it.each([
    ["https://good.example", true],
    ["https://GOOD.example", true],
    ["https://good.example:443", true],
    ["http://good.example", false],
    ["https://good.example:8443", false],
    ["https://good.example.evil", false],
    ["https://evil@good.example", false],
    ["http://a.wild.example:99", true],
    ["https://a.b.wild.example", true],
    ["https://wild.example", true],
    ["https://evilwild.example", false],
    ["http://port.example:8080", true],
    ["http://port.example", false],
    ["app://localhost", true],
    ["null", false],
    ["", false],
    ["//good.example", false],
  ])("the origin %s may connect if it is listed: %s", (origin, allowed) => {
    expect(listed(origin)).toBe(allowed)
  })

  it.each([
    ["http://localhost:3000", true],
    ["http://127.0.0.1", true],
    ["http://[::1]:8080", true],
    ["https://app.localhost", true],
    ["https://example.com", true],
    ["https://sub.example.com", false],
    ["https://evil.example", false],
    ["null", false],
  ])("the origin %s may connect if only the host is configured: %s", (origin, allowed) => {
    expect(originCheck(undefined, "example.com")(origin)).toBe(allowed)
  })

  it("may be anything where everybody may connect, or what a function says", () => {
    expect(originCheck("*", undefined)("null")).toBe(true)
    expect(originCheck((origin) => origin.endsWith(".example"), undefined)("https://a.example")).toBe(true)
  })

  it("an invalid origin is rejected when the endpoint is created", () => {
    expect(() => originCheck(["good.example"], undefined)).toThrow("good.example")
  })
})

describe("a client's address", () => {
  const of = (remote: string, forwarded: string | undefined, trust: TrustProxy): string | undefined =>
    addressOf(
      { socket: { remoteAddress: remote }, headers: { "x-forwarded-for": forwarded } } as unknown as IncomingMessage,
      trust,
    )

  it.each<[string, string | undefined, TrustProxy, string]>([
    ["::ffff:10.0.0.1", "1.1.1.1", false, "10.0.0.1"],
    ["10.0.0.1", "1.1.1.1", 1, "1.1.1.1"],
    ["10.0.0.1", "6.6.6.6, 1.1.1.1", 1, "1.1.1.1"],
    ["10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", 2, "1.1.1.1"],
    ["10.0.0.1", undefined, 1, "10.0.0.1"],
    ["10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", ["10.0.0.1", "10.0.0.2"], "1.1.1.1"],
    ["9.9.9.9", "1.1.1.1", ["10.0.0.1"], "9.9.9.9"],
  ])("the client's address for peer %s, forwarded for %s, trusting %j, is %s", (remote, forwarded, trust, expected) => {
    expect(of(remote, forwarded, trust)).toBe(expected)
  })
})
