import { describe, expect, it } from "vitest"
import { toJsonText } from "../../lib/cli/json-text.js"
import { escapeControls, stylesFor } from "../../lib/cli/terminal-text.js"

const hasSteering = (text: string): boolean =>
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(text)

describe("text for a terminal", () => {
  it.each([
    ["an escape sequence", "\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
    ["a title", "\u001b]0;owned\u0007", "\\u001b]0;owned\\u0007"],
    ["a sequence of one character", "\u009b2J", "\\u009b2J"],
    ["lines", "a\r\nb\tc", "a\\r\\nb\\tc"],
    ["a rubbed out letter", "a\bb\u007f", "a\\bb\\u007f"],
    ["a turned direction", "a\u202egpj.exe", "a\\u202egpj.exe"],
    ["separators", "a\u2028b\u2029c", "a\\u2028b\\u2029c"],
    ["invisible tags", "a\u{e0041}b", "a\\udb40\\udc41b"],
    ["a byte order mark", "\ufeffa", "\\ufeffa"],
  ])("shows %s instead of following it", (_name, text, shown) => {
    expect(escapeControls(text)).toBe(shown)
    expect(hasSteering(shown)).toBe(false)
  })

  it("leaves what people write as it is", () => {
    const text = 'Zoë says "ありがとう" 👩‍👩‍👧 שלום \\ ½'
    expect(escapeControls(text)).toBe(text)
  })

  it("keeps every unit of two bytes from steering", () => {
    const all = Array.from({ length: 0x10000 }, (_, i) => String.fromCharCode(i)).join("")
    expect(hasSteering(all)).toBe(true)
    expect(hasSteering(escapeControls(all))).toBe(false)
  })
})

describe("JSON for a terminal", () => {
  it("means the same as before it was made safe", () => {
    const payload = { "\u009bkey": ["\u001b[2J", "\u202e", "\u{e0041}", "\u007f", "\n", "plain", 1, null, true] }
    const text = toJsonText(payload)
    expect(hasSteering(text)).toBe(false)
    expect(JSON.parse(text)).toEqual(payload)
  })

  it.each([
    ["an array of bytes", Uint8Array.of(0, 1, 2, 255)],
    ["a Buffer", Buffer.of(0, 1, 2, 255)],
    ["an ArrayBuffer", Uint8Array.of(0, 1, 2, 255).buffer],
    ["a part of a buffer", Uint8Array.of(9, 0, 1, 2, 255, 9).subarray(1, 5)],
  ])("has bytes in base64: %s", (_name, bytes) => {
    expect(toJsonText({ deep: [bytes] })).toBe('{"deep":[{"$bytes":"AAEC/w=="}]}')
    expect(toJsonText(bytes)).toBe('{"$bytes":"AAEC/w=="}')
  })

  it("has words for what JSON has none for", () => {
    const payload = { big: 2n ** 70n, map: new Map([["a", 1]]), set: new Set([1]), date: new Date(0), no: undefined }
    expect(toJsonText(payload)).toBe(
      '{"big":"1180591620717411303424","map":{"a":1},"set":[1],"date":"1970-01-01T00:00:00.000Z"}',
    )
    expect(toJsonText(undefined)).toBe("null")
  })
})

describe("colours", () => {
  const bold = (isTTY: boolean, env: Record<string, string>): string => stylesFor({ isTTY }, env).bold("a")

  it("are for terminals that want them", () => {
    expect(bold(true, {})).toBe("\u001b[1ma\u001b[22m")
    expect(bold(true, { NO_COLOR: "" })).toBe("\u001b[1ma\u001b[22m")
    expect([bold(false, {}), bold(true, { NO_COLOR: "1" }), bold(true, { TERM: "dumb" })]).toEqual(["a", "a", "a"])
  })
})
