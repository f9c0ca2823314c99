import { describe, expect, it } from "vitest"
import { decodeBase64, toBase64 } from "../../lib/protocol/base64.js"
import { anyBytes, check } from "../support/arbitraries.js"

describe("toBase64", () => {
  it("writes any bytes as Node does, of a view only what it shows, and reads them again", () => {
    check(anyBytes, (bytes) => {
      const text = Buffer.from(bytes).toString("base64")
      expect(toBase64(bytes)).toBe(text)
      expect(decodeBase64(text)).toEqual(Uint8Array.from(bytes))
    })
  })

  it("writes more bytes than a function takes arguments", () => {
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 7)
    expect(toBase64(bytes) === Buffer.from(bytes).toString("base64")).toBe(true)
  })
})
