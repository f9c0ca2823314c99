import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isSameTerm } from "../../../lib/server/support/same-term.js"

const term = fc.anything({
  withDate: true,
  withTypedArray: false,
  maxDepth: 2,
  values: [fc.constantFrom(1, "a", null, true)],
})

describe("two decoded values", () => {
  it("are the same term where Node takes them for equal", () => {
    fc.assert(
      fc.property(term, term, (a, b) => {
        expect(isSameTerm(a, b)).toBe(isDeepStrictEqual(a, b))
        expect(isSameTerm(a, structuredClone(a))).toBe(isDeepStrictEqual(a, structuredClone(a)))
      }),
    )
  })

  it("are the same term if they are maps with the same entries in another order, or the same bytes", () => {
    expect(isSameTerm({ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2 }], a: 1 })).toBe(true)
    expect(isSameTerm({ a: 1 }, { a: 1, b: undefined })).toBe(false)
    expect(isSameTerm({ a: new Uint8Array([1, 2]) }, { a: new Uint8Array([1, 2]) })).toBe(true)
    expect(isSameTerm(new Uint8Array([1, 2]), new Uint8Array([1, 3]))).toBe(false)
    expect(isSameTerm([1], { 0: 1 })).toBe(false)
  })
})
