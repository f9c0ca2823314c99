import { describe, expect, it } from "vitest"
import { decodeBase64, toBase64 } from "../../lib/protocol/base64.js"
import { readBase64 } from "../../lib/protocol/read-base64.js"
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

describe("readBase64", () => {
  it("reads either alphabet, padded or not", () => {
    check(anyBytes, (bytes) => {
      for (const alphabet of ["base64", "base64url"] as const) {
        const text = Buffer.from(bytes).toString(alphabet)
        for (const each of [text, text.replace(/=+$/, "")]) expect(readBase64(each)).toEqual(Uint8Array.from(bytes))
      }
    })
  })

  it.each(["?", "A", "AAAAA", "AA=A", "AAA===", " AAAA", "AAAA\n", "é"])("takes %j for no base64", (text) => {
    expect(readBase64(text)).toBeUndefined()
  })
})
