import { createHash } from "node:crypto"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { base64UrlOf } from "../../../lib/server/support/base64-url.js"
import { sha256 } from "../../../lib/server/support/sha256.js"

const byNode = (text: string): string => createHash("sha256").update(text).digest("base64url")

describe("SHA-256 without Node", () => {
  it.each([0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 1000])("is that of Node for %i bytes", (length) => {
    const text = "x".repeat(length)
    expect(sha256(text)).toBe(byNode(text))
  })

  it("is that of Node for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(sha256(text)).toBe(byNode(text))
      }),
    )
  })
})

describe("base64url without Node", () => {
  it("is that of Node for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        expect(base64UrlOf(bytes)).toBe(Buffer.from(bytes).toString("base64url"))
      }),
    )
  })
})
