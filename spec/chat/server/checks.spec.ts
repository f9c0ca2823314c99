import { describe, expect, it, vi } from "vitest"
import { isRoomName, readContent, readDisplayName, readEmail } from "../../../lib/chat/server/checks.js"

describe("an address", () => {
  it.each([
    ["ada@example.com", "ada@example.com"],
    [" Ada.L+tag@Example.COM ", "ada.l+tag@example.com"],
    ["root@localhost", "root@localhost"],
    ["o'neil@example.com", "o'neil@example.com"],
    ["jo\u0308rg@example.com", "jörg@example.com"],
  ])("is kept trimmed, in small letters and composed: %j", (text, email) => {
    expect(readEmail(text)).toBe(email)
  })

  it.each([
    "ada",
    "@example.com",
    "ada@",
    "ada@-example.com",
    "ada@example.com.",
    "ada@exa..mple.com",
    "ada@example.com,eve@example.com",
    "ada@example.com;eve@example.com",
    "Ada <ada@example.com>",
    '"ada"@example.com',
    "ada@example.com\nBcc: eve@example.com",
    "ada\r\n@example.com",
    "a\u0000da@example.com",
    "a\u2028da@example.com",
    "ada@[127.0.0.1]",
    `${"a".repeat(65)}@example.com`,
    `a@${"b".repeat(254)}.com`,
    { toString: () => "ada@example.com" },
    undefined,
  ])("is one, and nothing beside it: %j", (text) => {
    expect(readEmail(text)).toBeUndefined()
  })

  it("rejects an overlong address at no cost", () => {
    expect(readEmail(`${" ".repeat(1e6)}ada@example.com`)).toBeUndefined()
  })
})

describe("a display name", () => {
  it.each([
    [null, null],
    ["  Ada Lovelace ", "Ada Lovelace"],
    ["a".repeat(50), "a".repeat(50)],
    ["🐦".repeat(50), "🐦".repeat(50)],
    ["👩‍👩‍👧", "👩‍👩‍👧"],
    ["عايدة", "عايدة"],
  ])("is kept trimmed: %j", (text, name) => {
    expect(readDisplayName(text)).toBe(name)
  })

  it.each([
    "",
    " ",
    "a".repeat(51),
    "🐦".repeat(51),
    "a\u0007",
    "a\tb",
    "a\u0085b",
    "a\ud800",
    ...[..."\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"].map((c) => `a${c}b`),
    "\u200b\u200d\ufeff",
    "\u115f\u1160\u3164\uffa0",
    7,
    {},
    undefined,
  ])("is something to see, and turns nothing around: not %j", (text) => {
    expect(readDisplayName(text)).toBeUndefined()
  })
})

describe("a name and a message that are far too long", () => {
  it("are refused before anything walks over them", () => {
    const walk = vi.spyOn(String.prototype, "normalize")
    try {
      const marks = `a${"\u0300\u0316".repeat(450_000)}`
      expect(readDisplayName(marks)).toBeUndefined()
      expect(readContent(marks)).toBe(413)
      expect(walk).not.toHaveBeenCalled()
    } finally {
      walk.mockRestore()
    }
  })

  it("are told from those whose characters are composed of many", () => {
    expect(readDisplayName("u\u0308\u0304".repeat(50))).toBe("ǖ".repeat(50))
    expect(readContent("🐦\r\n".repeat(1999))).toBe("🐦\n".repeat(1999).trim())
  })
})

describe("what somebody says", () => {
  it.each([
    [" hello ", "hello"],
    ["a\r\n\tb\nc", "a\n\tb\nc"],
    ["a".repeat(4000), "a".repeat(4000)],
    [`  ${"🐦".repeat(4000)}\n`, "🐦".repeat(4000)],
    ["a\u202eb", "a\u202eb"],
  ])("is kept without the spaces around it, and with its line breaks: %#", (text, content) => {
    expect(readContent(text)).toBe(content)
  })

  it.each([
    ["", 400],
    ["\n\t ", 400],
    ["\u001b[2J", 400],
    ["a\u0000", 400],
    ["a\udc00", 400],
    ["a\rb", 400],
    [["a"], 400],
    [null, 400],
    ["a".repeat(4001), 413],
  ])("is refused otherwise: %#", (text, code) => {
    expect(readContent(text)).toBe(code)
  })
})

describe("a room's name", () => {
  it.each(["lobby", "a", "7", "garden-2", "a_b", "küche", "комната", "客厅", "हिन्दी", "a".repeat(64)])(
    "may be %j",
    (name) => {
      expect(isRoomName(name)).toBe(true)
    },
  )

  it.each(["", "-a", "_a", "A", "a b", "a/b", "a:b", "a.b", "a\n", "a\u200bb", "e\u0301", "a".repeat(65)])(
    "may not be %j",
    (name) => {
      expect(isRoomName(name)).toBe(false)
    },
  )
})
