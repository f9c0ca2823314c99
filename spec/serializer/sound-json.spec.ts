import { describe, expect, it } from "vitest"
import { parseStrictJson } from "../../lib/serializer/decode-text.js"

const taken = (text: string): boolean => {
  try {
    parseStrictJson(text)
    return true
  } catch {
    return false
  }
}

const NINES = (digits: number): string => "9".repeat(digits)

describe("JSON of a client", () => {
  it.each([
    ["a whole number of as many digits as a double holds", `[${"1".repeat(309)}]`, true],
    ["one that is too large by its digits", `[${NINES(309)}]`, false],
    ["one that is too large, behind others", `[${`${NINES(308)},`.repeat(5)}${NINES(309)}]`, false],
    ["one that is too large, at any place", `[${"1,".repeat(154)}${NINES(309)},1]`, false],
    ["one below zero that is too large", `[-${NINES(400)}]`, false],
    ["many digits in a string", JSON.stringify(NINES(1000)), true],
    ["many digits behind the point", `[0.${NINES(1000)}]`, true],
    ["an exponent that is too large", "[1e309]", false],
    ["an exponent that is too large, with its sign", "[-1.5E+400]", false],
    ["an exponent below zero", "[1e-400]", true],
    ["an exponent with zeros before it", "[1e0001]", true],
    ["an exponent in a string", '["1e999"]', true],
    ["the first half of a pair", String.raw`["\ud83d"]`, false],
    ["the first half of a pair before another character", String.raw`["\ud83dx"]`, false],
    ["the second half of a pair", String.raw`["\ude00"]`, false],
    ["the halves the wrong way around", String.raw`["\ude00\ud83d"]`, false],
    ["two first halves and a second", String.raw`["\ud83d\ud83d\ude00"]`, false],
    ["a pair", String.raw`["\ud83d\ude00"]`, true],
    ["pairs, one after the other", String.raw`["\ud83d\ude00\ud83d\ude00 😀"]`, true],
    ["half a pair in a key", String.raw`{"\ud83d":1}`, false],
    ["a backslash that is escaped, and text like an escape", String.raw`["\\ud83d"]`, true],
  ])("is taken as Phoenix takes it: %s", (_, text, isTaken) => {
    expect(taken(text)).toBe(isTaken)
  })

  it("is read in time that grows as its length, whatever digits are in it", () => {
    const text = (runs: number): string => JSON.stringify(`${"1".repeat(308)} `.repeat(runs))
    const fastest = (frame: string): number => {
      let least = Infinity
      for (let round = 0; round < 15; round++) {
        const began = performance.now()
        parseStrictJson(frame)
        least = Math.min(least, performance.now() - began)
      }
      return least
    }
    // A plain text of the same length: what else is done for each character.
    const plain = fastest(JSON.stringify("a".repeat(308 * 2000)))
    expect(fastest(text(2000))).toBeLessThan(60 * plain)
  })
})
