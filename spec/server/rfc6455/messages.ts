import { BINARY, bytes, CONT, frame, part, PING, row, TEXT, text } from "./sequence.js"

const valid = (what: string, hex: string): ReturnType<typeof row> =>
  row("8.1", `${what} in a text`, text(bytes(hex)), `text ${JSON.stringify(String(bytes(hex)))}, open`)

const invalid = (what: string, hex: string): ReturnType<typeof row> =>
  row("8.1", `${what} in a text`, text(bytes(`61 ${hex} 62`)), "close 1007, end")

/** A text in two fragments, cut behind so many bytes. */
const cut = (hex: string, at: number): Buffer[] => [
  part(TEXT, bytes(hex).subarray(0, at)),
  frame(CONT, bytes(hex).subarray(at)),
]

/** Clauses 5.6 and 8.1: text is UTF-8. */
export const UTF8 = [
  valid("NUL", "00"),
  valid("DEL", "7f"),
  valid("the first character of two bytes", "c280"),
  valid("the last character of two bytes", "dfbf"),
  valid("the first character of three bytes", "e0a080"),
  valid("the last character before the surrogates", "ed9fbf"),
  valid("the first character behind the surrogates", "ee8080"),
  valid("a byte order mark", "efbbbf61"),
  valid("a noncharacter", "efbfbf"),
  valid("the first character of four bytes", "f0908080"),
  valid("the last character of Unicode", "f48fbfbf"),
  valid("a combined emoji", "f09f91a9e2808df09f92bb"),

  invalid("a continuation byte alone", "80"),
  invalid("the last continuation byte alone", "bf"),
  invalid("a first byte of two alone", "c5"),
  invalid("two bytes of three", "e282"),
  invalid("three bytes of four", "f09f90"),
  invalid("an overlong NUL", "c080"),
  invalid("an overlong form of two bytes", "c1bf"),
  invalid("an overlong form of three bytes", "e09fbf"),
  invalid("an overlong form of four bytes", "f08fbfbf"),
  invalid("a high surrogate", "eda080"),
  invalid("a low surrogate", "edbfbf"),
  invalid("a surrogate pair of six bytes", "eda0bdedb0b4"),
  invalid("a character above Unicode", "f4908080"),
  invalid("the byte f5", "f5808080"),
  invalid("a form of five bytes", "f888808080"),
  invalid("the byte fe", "fe"),
  invalid("the byte ff", "ff"),

  row("8.1", "a text that ends inside of two bytes", text(bytes("61 c5")), "close 1007, end"),
  row("8.1", "a text that ends inside of four bytes", text(bytes("61 f09f90")), "close 1007, end"),
  row(
    "8.1",
    "a text that ends inside of a character, and its rest in the next text",
    [text(bytes("c5")), text(bytes("be"))],
    "close 1007, end",
  ),
  row("5.6", "a character of two bytes cut by fragments", cut("c5be", 1), 'text "ž", open'),
  ...[1, 2].map((at) => row("5.6", `a character of three bytes cut behind ${at}`, cut("e282ac", at), 'text "€", open')),
  ...[1, 2, 3].map((at) =>
    row("5.6", `a character of four bytes cut behind ${at}`, cut("f09f908e", at), 'text "🐎", open'),
  ),
  row(
    "5.6",
    "a character cut by fragments, with a ping between",
    [part(TEXT, bytes("c5")), frame(PING, "p"), frame(CONT, bytes("be"))],
    'text "ž", pong "p", open',
  ),
  row(
    "5.6",
    "a character with an empty fragment inside",
    [part(TEXT, bytes("c5")), part(CONT), frame(CONT, bytes("be"))],
    'text "ž", open',
  ),
  row("8.1", "fragments that make no character together", cut("c561", 1), "close 1007, end"),
  row("8.1", "a last fragment that ends inside of a character", cut("61 e282", 1), "close 1007, end"),
  row(
    "8.1",
    "a first fragment that can become no text",
    [part(TEXT, bytes("ff")), frame(CONT, "a")],
    "close 1007, end",
  ),
  row("8.1", "a text behind which comes one that is none", [text("a"), text(bytes("ff"))], 'text "a", close 1007, end'),
  row("5.6", "bytes that are no UTF-8", frame(BINARY, bytes("00ff80c0")), "bytes 00ff80c0, open"),
  row(
    "5.6",
    "bytes that are no UTF-8 in fragments",
    [part(BINARY, bytes("ff")), frame(CONT, bytes("c0"))],
    "bytes ffc0, open",
  ),
  row(
    "5.6",
    "a text, bytes, and a text",
    [text("a"), frame(BINARY, bytes("01")), text("b")],
    'text "a", bytes 01, text "b", open',
  ),
]
