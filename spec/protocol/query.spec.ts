import * as fc from "fast-check"
import { Socket } from "phoenix"
import { describe, expect, it } from "vitest"
import { appendQuery, encodeQuery } from "../../lib/protocol/query.js"
import { anyText, check } from "../support/arbitraries.js"

describe("encodeQuery", () => {
  it.each<[string, object, string]>([
    ["nothing", {}, ""],
    ["text, numbers and booleans", { user: "ada", n: 1.5, on: false }, "user=ada&n=1.5&on=false"],
    ["empty text", { user: "" }, "user="],
    ["a BigInt", { id: 12345678901234567890n }, "id=12345678901234567890"],
    ["an object, by brackets", { user: { name: "ada", at: { x: 1 } } }, "user%5Bname%5D=ada&user%5Bat%5D%5Bx%5D=1"],
    ["an array, by its indexes", { tags: ["a", "b"] }, "tags%5B0%5D=a&tags%5B1%5D=b"],
    ["nothing for null and undefined", { a: null, b: undefined, c: 1 }, "c=1"],
    ["nothing for empty objects and arrays", { a: {}, b: [], c: { d: {} }, e: 1 }, "e=1"],
    ["what a URL has other uses for", { "a&b": "c=d e+f/ü?#" }, "a%26b=c%3Dd%20e%2Bf%2F%C3%BC%3F%23"],
    ["own keys only", Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }) as object, "own=2"],
    ["an empty name", { "": { "": 1 } }, "%5B%5D=1"],
  ])("writes %s", (_, params, query) => {
    expect(encodeQuery(params)).toBe(query)
  })

  it("writes what the official client writes, but for what says nothing", () => {
    const params = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        anyText,
        fc.integer(),
        fc.boolean(),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value
    check(fc.dictionary(name, params, { maxKeys: 4, noNullPrototype: true }), (value) => {
      const url = new Socket("ws://host/socket", {
        params: value,
        vsn: "9.9.9",
      }).endPointURL()
      const official = url
        .slice(url.indexOf("?") + 1)
        .split("&")
        .filter((part) => part !== "" && part !== "vsn=9.9.9")
      expect(
        encodeQuery(value)
          .split("&")
          .filter((part) => part !== ""),
      ).toEqual(official)
    })
  })
})

// The official client treats an empty name as none.
const name = anyText.filter((text) => text !== "")

describe("appendQuery", () => {
  it("begins a query, and goes on with one that is there", () => {
    expect(appendQuery("/socket", { a: 1 })).toBe("/socket?a=1")
    expect(appendQuery("/socket?a=1", { b: 2 })).toBe("/socket?a=1&b=2")
  })

  it("leaves a URL alone where there is nothing to add", () => {
    expect(appendQuery("/socket", {})).toBe("/socket")
    expect(appendQuery("/socket?a=1", { b: undefined })).toBe("/socket?a=1")
  })
})
