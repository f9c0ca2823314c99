import { describe, expect, it } from "vitest"
import { mismatch, show } from "../../lib/testing/pattern.js"

const bare = (from: object): object => Object.assign(Object.create(null) as object, from)

describe("a pattern", () => {
  it.each([
    ["the same text", "a", "a"],
    ["nothing in particular of an object", {}, { a: 1 }],
    ["a part of an object", { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }],
    ["a part of an object without a prototype", { a: 1 }, bare({ a: 1, b: 2 })],
    ["a part that is not there", { a: undefined }, { b: 1 }],
    ["a list, item by item", [{ a: 1 }, Number], [{ a: 1, b: 2 }, 3]],
    ["a list that may hold anything", Array, [1]],
    ["text of any kind", { a: String, b: Number, c: Boolean, d: Object }, { a: "", b: 0, c: false, d: {} }],
    ["text by an expression", /^h/g, "hi"],
    ["by a function", { n: (n: number) => n > 1 }, { n: 2 }],
    [
      "by a matcher of a library",
      { at: expect.any(String), list: expect.arrayContaining([1]) },
      { at: "", list: [2, 1] },
    ],
    ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2]).buffer],
    ["bytes of any kind", Uint8Array, new ArrayBuffer(1)],
    ["a date", Date, new Date(0)],
    ["not a number", Number.NaN, Number.NaN],
    ["zero", 0, -0],
    ["null", null, null],
  ])("takes %s", (_name, pattern, value) => {
    expect(mismatch(pattern, value)).toBeUndefined()
  })

  it.each<[string, unknown, unknown, string]>([
    ["another text", "a", "b", 'expected "a", got "b"'],
    ["a value deep within", { a: { b: [{ c: 1 }] } }, { a: { b: [{ c: 2 }] } }, "a.b[0].c: expected 1, got 2"],
    ["a missing part", { a: 1 }, {}, "a: expected 1, got undefined"],
    ["a part that is inherited only", { constructor: Object }, {}, "constructor: expected any object, got undefined"],
    ["a list that is longer", [1], [1, 2], "expected [1], got [1,2]"],
    ["a list for an object", {}, [], "expected {}, got []"],
    ["an object for a list", [], {}, "expected [], got {}"],
    ["null for an object", {}, null, "expected {}, got null"],
    ["another kind", { a: String }, { a: 1 }, "a: expected any string, got 1"],
    ["text that an expression does not fit", /^h/, "oh", 'expected /^h/, got "oh"'],
    ["what an expression is not for", /1/, 1, "expected /1/, got 1"],
    ["what a function does not take", (n: unknown) => n === 1, 2, "expected a value that fits the function, got 2"],
    [
      "what a function throws at",
      (n: { a: { b: number } }) => n.a.b === 1,
      {},
      "the function threw Cannot read properties of undefined",
    ],
    ["what a matcher does not take", { at: expect.any(Number) }, { at: "x" }, 'at: expected Any<Number>, got "x"'],
    ["other bytes", new Uint8Array([1]), new Uint8Array([2]), "expected <1 bytes: 01>, got <1 bytes: 02>"],
    ["text for bytes", new Uint8Array([1]), "\u0001", "expected <1 bytes: 01>"],
    ["null for nothing", { a: undefined }, { a: null }, "a: expected undefined, got null"],
  ])("does not take %s", (_name, pattern, value, why) => {
    expect(mismatch(pattern, value)).toContain(why)
  })

  it("is shown by its parts, and cut where it is long", () => {
    const isBig = (n: number): boolean => n > 9
    expect(show({ a: String, b: isBig, c: /x/, d: expect.any(Date), e: new Uint8Array(1), f: 1n })).toBe(
      '{"a":"<any string>","b":"<a value that fits isBig>","c":"</x/>","d":"<Any<Date>>","e":"<<1 bytes: 00>>","f":"1n"}',
    )
    expect(show("x".repeat(1000))).toMatch(/^"x{299}… \(1002 characters\)$/)
    expect(show(undefined)).toBe("undefined")
  })
})
