import { describe, expect, it } from "vitest"
import { previewOf, previewOfFrame, shownText } from "../../lib/inspect/preview.js"

const SECRET = "s3cr3t-t0ken"
const PHOENIX_TOKEN = "SFMyNTY.g2gDYQFuBgDA1BVLjAFiAAFRgA.f0oB_Q8s7kKbbF3"
const WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0"

describe("the preview of a payload", () => {
  it("is what the payload is, as far as it is short", () => {
    const payload = { text: "hi", n: 1.5, yes: true, none: null, list: [1, { a: "b" }] }
    expect(previewOf(payload)).toEqual(payload)
    expect(previewOf("hi")).toBe("hi")
    expect(previewOf(undefined)).toBe("(undefined)")
  })

  it.each([
    { token: SECRET },
    { user: { accessToken: SECRET } },
    { list: [{ "api-key": SECRET }] },
    { Password: { was: SECRET } },
    new Map([["cookie", SECRET]]),
    { said: `Bearer ${SECRET}` },
    { url: `https://ada:${SECRET}@example.com/` },
    { url: `https://example.com/?auth_token=${SECRET}#a` },
    [`wss://example.com/socket?vsn=2.0.0&token=${SECRET}`],
  ])("hides secrets by their names and by their form: %j", (payload) => {
    const text = JSON.stringify(previewOf(payload))
    expect(text).not.toContain(SECRET)
    expect(text).toContain("(hidden)")
  })

  it("hides web tokens and tokens that Phoenix signed, wherever they are in a text", () => {
    expect(shownText(`a ${WEB_TOKEN}, b`)).toBe("a (hidden), b")
    expect(previewOf([`x=${WEB_TOKEN}`])).toEqual(["x=(hidden)"])
    expect(previewOf({ static: `${PHOENIX_TOKEN}` })).toEqual({ static: "(hidden)" })
  })

  it("hides the values of further names, also by a pattern that remembers its place", () => {
    const secrets = /^iban$/g
    const payload = { iban: "DE02", list: [{ iban: "DE03" }], name: "Ada" }
    const hidden = { iban: "(hidden)", list: [{ iban: "(hidden)" }], name: "Ada" }
    expect([previewOf(payload, secrets), previewOf(payload, secrets)]).toEqual([hidden, hidden])
  })

  it.each([
    ["text", "x".repeat(5_000_000)],
    ["a list", Array.from({ length: 100_000 }, () => "x".repeat(400))],
    ["numbers", Array.from({ length: 1_000_000 }, (_, i) => i)],
    ["empty lists", Array.from({ length: 1_000_000 }, () => [])],
    ["lists of empty lists", Array.from({ length: 3000 }, () => Array.from({ length: 3000 }, () => []))],
    ["keys", Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, i]))],
    ["long keys", { ["k".repeat(1_000_000)]: 1 }],
    ["bytes", { file: new Uint8Array(5_000_000) }],
    ["a set", new Set(Array.from({ length: 100_000 }, (_, i) => i))],
  ])("is small however large the payload is: %s", (_what, payload) => {
    expect(JSON.stringify(previewOf(payload)).length).toBeLessThan(20_000)
  })

  it("says how much it leaves out", () => {
    expect(previewOf("x".repeat(600))).toMatch(/^x{500}… \(100 more\)$/)
    expect(previewOf(new Uint8Array([0, 255]))).toBe("(2 bytes: 00 ff)")
    expect(JSON.stringify(previewOf(Array.from({ length: 10_000 }, () => 1)))).toMatch(/"\(\d+ more\)"\]$/)
  })

  it("stops where a payload is nested deeply, or contains itself", () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    expect(JSON.stringify(previewOf(circle))).toContain("(nested deeper)")
  })

  it("takes no payload that throws for a reason to throw", () => {
    const payload = {
      get boom(): never {
        throw new Error("boom")
      },
    }
    expect(previewOf(payload)).toBe("(cannot be shown)")
  })

  it("keeps a key that is called __proto__ a key", () => {
    const payload: unknown = JSON.parse('{"__proto__":{"admin":true}}')
    expect(JSON.stringify(previewOf(payload))).toBe('{"__proto__":{"admin":true}}')
  })

  it("expresses what JSON cannot", () => {
    expect(previewOf([1n, Number.NaN, () => {}, Symbol("s")])).toEqual(["1", "NaN", "(function)", "(symbol)"])
    expect(shownText(undefined)).toBe("(undefined)")
  })
})

describe("the preview of a frame", () => {
  it.each<[string, string | Uint8Array, unknown]>([
    ["text as it is", "hello", "hello"],
    ["bytes by the first of them", Uint8Array.of(1, 2), "(2 bytes: 01 02)"],
    ["JSON as its value", ' {"n":1,"list":[true]}', { n: 1, list: [true] }],
    ["JSON without secrets", `[{"token":"${SECRET}"}]`, [{ token: "(hidden)" }]],
    ["text that begins as JSON does", "[12:00] hello", "[12:00] hello"],
    ["long JSON by its length", `{"token":"${SECRET}","text":"${"x".repeat(20_000)}"}`, "(20034 characters)"],
  ])("shows %s", (_what, frame, shown) => {
    expect(previewOfFrame(frame)).toEqual(shown)
  })

  it("hides the values of further names", () => {
    expect(previewOfFrame('{"iban":"DE02"}', /^iban$/)).toEqual({ iban: "(hidden)" })
  })
})
