import { describe, expect, it } from "vitest"
import { decodeQuery, encodeQuery } from "../../lib/protocol/query.js"

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("a query is read as Plug reads it", () => {
  it.each([
    ["", {}],
    ["a=1&b=2", { a: "1", b: "2" }],
    ["a=1&a=2", { a: "2" }],
    ["a", { a: "" }],
    ["a=1=2", { a: "1=2" }],
    ["&&a=1&", { a: "1" }],
    ["a=b+c%20d", { a: "b c d" }],
    ["user[name]=ada&user[age]=3", { user: { name: "ada", age: "3" } }],
    ["user[name][first]=ada", { user: { name: { first: "ada" } } }],
    ["tags[]=a&tags[]=b", { tags: ["a", "b"] }],
    ["tags[0]=a&tags[1]=b", { tags: { 0: "a", 1: "b" } }],
    ["a=1&a[b]=2", { a: { b: "2" } }],
    ["a[b]=1&a=2", { a: "2" }],
    ["a[b=1", { "a[b": "1" }],
    ["[a]=1", { "[a]": "1" }],
    ["a%5Bb%5D=1", { a: { b: "1" } }],
    ["%C5%BElu%C5%A5=1", { žluť: "1" }],
  ])("%s", (query, expected) => {
    expect(plain(decodeQuery(query))).toEqual(expected)
  })

  it("gives back what was written", () => {
    const params = { token: "a b&c=d", user: { name: "ada", tags: { 0: "x" } } }
    expect(plain(decodeQuery(encodeQuery(params)))).toEqual(params)
  })

  it.each(["%ff", "a=%", "a=%zz", "%c5=1"])("refuses %s", (query) => {
    expect(() => decodeQuery(query)).toThrow(URIError)
  })

  it("keeps off every prototype", () => {
    const params = decodeQuery("__proto__[a]=1&constructor[prototype][b]=2&x[__proto__][c]=3")
    expect(Object.keys(params)).toEqual(["__proto__", "constructor", "x"])
    expect([{}].map((object) => ["a", "b", "c"].some((key) => key in object))).toEqual([false])
  })

  it("goes only so deep", () => {
    expect(JSON.stringify(decodeQuery(`a${"[b]".repeat(10_000)}=1`)).length).toBeLessThan(1000)
  })
})
