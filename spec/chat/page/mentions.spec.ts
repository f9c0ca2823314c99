import { describe, expect, it } from "vitest"
import { handlesOf, isMentioned } from "../../../lib/chat/page/mentions.js"
import { partsOf } from "../../../lib/chat/page/message-text.js"
import { messageOf } from "./messages.js"

const mentions = (content: string): string[] =>
  partsOf(content)
    .filter(({ kind }) => kind === "mention")
    .map(({ text }) => text)

describe("a mention", () => {
  it.each([
    ["@ada look", ["@ada"]],
    ["(@Ada-Lovelace), @bob.", ["@Ada-Lovelace", "@bob"]],
    ["@Łukasz @客厅 @नीना", ["@Łukasz", "@客厅", "@नीना"]],
    ["@ @, @@ada a@b.c ada@example.com", []],
    ["`@ada` https://example.com/@ada", []],
    ["<b>@ada</b>", ["@ada"]],
  ])("is a name behind an @, and no mail address, code or link: %s", (content, found) => {
    expect(mentions(content)).toEqual(found)
  })

  it("is found in linear time, whatever is written", () => {
    const long = "@a.".repeat(1333)
    const joined = partsOf(long).map(({ text }) => text)
    expect(joined.join("")).toBe(long)
  })

  it.each([
    ["Ada Lovelace", ["Ada-Lovelace", "Ada"]],
    ["ada", ["ada"]],
    ["ada+test", ["ada-test", "ada"]],
    [" <Ada>, Countess ", ["Ada-Countess", "Ada"]],
    ["🐦", []],
  ])("is by the whole name or its first word: %s", (name, handles) => {
    expect(handlesOf(name)).toEqual(handles)
  })

  it("is of the person who has that name now, in whatever case", () => {
    const message = messageOf(1, "bob", "@ADA and @grace-Hopper")
    for (const name of ["Ada", "ada Lovelace", "Grace Hopper"]) expect(isMentioned(message, name)).toBe(true)
    for (const name of ["Adam", "Grace", "Hopper", "🐦", ""]) expect(isMentioned(message, name)).toBe(false)
    expect(isMentioned(messageOf(2, "bob", "ada"), "Ada")).toBe(false)
  })

  it("is of everybody whom a handle that is written by a press names", () => {
    for (const name of ["Ada Lovelace", "Łukasz", "नीना", "ada+test", "x_y"]) {
      expect(isMentioned(messageOf(1, "bob", `Hi @${handlesOf(name)[0]}!`), name)).toBe(true)
    }
  })
})
