import { describe, expect, it } from "vitest"
import { toJsonText } from "../../lib/cli/json-text.js"
import { foldedPayload, payloadJson, unfoldedPayload } from "../../lib/cli/payload-text.js"
import { stylesFor } from "../../lib/cli/terminal-text.js"

const PLAIN = stylesFor({}, {})
const COLOURED = stylesFor({ isTTY: true }, {})

const folded = (payload: unknown, width: number, styles = PLAIN): string =>
  foldedPayload(payloadJson(payload), width, styles)
const unfolded = (payload: unknown, most: number, styles = PLAIN): string[] =>
  unfoldedPayload(payloadJson(payload), most, styles)

/** Text without its colours. */
// eslint-disable-next-line no-control-regex
const bare = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, "")

const LONG = {
  id: 7,
  author: { name: "Ada", roles: ["admin", "editor"] },
  body: { blocks: [{ text: "x".repeat(60), marks: [{ bold: true }] }] },
}

describe("a folded payload", () => {
  it("is the JSON of it where that fits", () => {
    for (const payload of [LONG, "hi", null, 1.5, [], {}, [[]], { a: { b: [true] } }, new Uint8Array([1, 2])]) {
      expect(folded(payload, 1000)).toBe(toJsonText(payload))
    }
  })

  it("shows as many levels as fit, and of the others how many members they have", () => {
    expect(folded(LONG, 120)).toBe(
      `{"id":7,"author":{"name":"Ada","roles":["admin","editor"]},"body":{"blocks":[{… 2}]}}`,
    )
    expect(folded(LONG, 70)).toBe('{"id":7,"author":{"name":"Ada","roles":[… 2]},"body":{"blocks":[… 1]}}')
    expect(folded(LONG, 40)).toBe('{"id":7,"author":{… 2},"body":{… 1}}')
  })

  it("ends with an ellipsis where not even one level fits", () => {
    expect(folded(LONG, 10)).toBe('{"id":7,…')
    expect(
      folded(
        Array.from({ length: 100_000 }, (_, n) => n),
        12,
      ),
    ).toBe("[0,1,2,3,4,5…")
  })

  it("cuts long text between characters", () => {
    expect(folded(`${"x".repeat(39)}👩${"y".repeat(99)}`, 60)).toBe(`"${"x".repeat(39)}…"`)
  })

  it("has a colour for each kind of value, which adds nothing to its width", () => {
    const text = folded(LONG, 70, COLOURED)
    expect(bare(text)).toBe(folded(LONG, 70))
    expect(text).toContain('\u001b[36m"author"\u001b[39m:')
    expect(text).toContain('\u001b[32m"Ada"\u001b[39m')
    expect(text).toContain("\u001b[33m7\u001b[39m")
    expect(text).toContain("\u001b[2m[… 2]\u001b[22m")
  })
})

describe("an unfolded payload", () => {
  it("is on the rows on which JSON would be", () => {
    for (const payload of [LONG, "hi", null, [], {}, [[], [1, {}]]]) {
      expect(unfolded(payload, Infinity).join("\n")).toBe(JSON.stringify(payload, null, 2))
      expect(bare(unfolded(payload, Infinity, COLOURED).join("\n"))).toBe(JSON.stringify(payload, null, 2))
    }
  })

  it("has at most so many rows, and then an ellipsis", () => {
    expect(unfolded([1, 2, 3, 4], 3)).toEqual(["[", "  1,", "  2,", "…"])
  })
})

it("a payload that is nested ever so deeply ends nothing", () => {
  const deep = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels))
  expect(folded(deep(300), 40)).toBe("[[[[[… 1]]]]]")
  expect(unfolded(deep(300), Infinity)).toHaveLength(201)
  expect(folded(deep(200_000), 40)).toBe("(nested too deeply to be shown)")
  expect(unfolded(deep(200_000), 9)).toEqual(["(nested too deeply to be shown)"])
})
