import { ASK_TO_CLOSE, bytes, close, CLOSE, CONT, frame, LATE, part, PING, row, TEXT, text } from "./sequence.js"

/** Clauses 5.5.1 and 7.4: the codes and reasons of a client's close frame. */
export const CLOSE_FRAMES = [
  row("5.5.1", "a close frame without a code", close(), "close empty, end"),
  row("5.5.1", "a close frame of one byte", frame(CLOSE, bytes("03")), "close 1002, end"),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) =>
    row(code < 3000 ? "7.4.1" : "7.4.2", `the close code ${code}`, close(code), `close ${code}, end`),
  ),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65_535].map((code) =>
    row(code >= 1004 && code <= 1015 ? "7.4.1" : "7.4.2", `the close code ${code}`, close(code), "close 1002, end"),
  ),
  row("5.5.1", "a close frame with a reason", close(1000, "bye"), "close 1000, end"),
  row("5.5.1", "a reason of 123 bytes", close(1000, "x".repeat(123)), "close 1000, end"),
  row("8.1", "a reason of characters of four bytes", close(4000, "🐎".repeat(30)), "close 4000, end"),
  row("8.1", "a reason that is not UTF-8", close(1000, bytes("ff")), "close 1007, end"),
  row("8.1", "a reason that ends inside of a character", close(1000, bytes("61 f09f90")), "close 1007, end"),
  row("7.4", "a close code and a reason that are both wrong", close(1005, bytes("ff")), "close 1002, end"),
]

/** Clauses 1.4 and 5.5.1: a close frame is the last frame of a client. */
export const AFTER_CLOSE = [
  row("5.5.1", "a message before a close frame", [text("a"), close(1000)], 'text "a", close 1000, end'),
  row("5.5.1", "a ping before a close frame", [frame(PING, "p"), close(1000)], 'pong "p", close 1000, end'),
  row("5.5.1", "a text behind a close frame", [close(1000), text("a")], "close 1000, end"),
  row("5.5.1", "a ping behind a close frame", [close(1000), frame(PING, "p")], "close 1000, end"),
  row("5.5.1", "a second close frame", [close(1000), close(4000)], "close 1000, end"),
  row(
    "5.5.1",
    "an unmasked frame behind a close frame",
    [close(1000), frame(TEXT, "a", { masked: false })],
    "close 1000, end",
  ),
  row("5.5.1", "garbage behind a close frame", [close(1000), bytes("ffffffffffffffff")], "close 1000, end"),
  row("5.5.1", "a close frame inside of a message", [part(TEXT, "a"), close(1000)], "close 1000, end"),
  row("7.1.7", "a text behind a frame that breaks the protocol", [frame(3), text("a")], "close 1002, end"),
  row("7.1.7", "a ping behind a frame that breaks the protocol", [frame(3), frame(PING, "p")], "close 1002, end"),
  row("7.1.7", "a close frame behind a frame that breaks the protocol", [frame(3), close(1000)], "close 1002, end"),
  row("7.1.7", "a message before a frame that breaks the protocol", [text("a"), frame(3)], 'text "a", close 1002, end'),
]

const asked = `text "${ASK_TO_CLOSE}", close 4000, end`
const late = (seen: string): string => `text "${ASK_TO_CLOSE}", ${seen}, close 4000, end`

/** Clauses 7.1.2 to 7.1.4: the server closes first. */
export const CLOSED_BY_SERVER = [
  row("7.1.4", "the same code as the server's", text(ASK_TO_CLOSE), asked, { then: close(4000) }),
  row("7.1.4", "another code than the server's", text(ASK_TO_CLOSE), asked, { then: close(1000, "fine") }),
  row("7.1.4", "no code behind the server's", text(ASK_TO_CLOSE), asked, { then: close() }),
  row("7.1.4", "a ping before the answer to the server's close", text(ASK_TO_CLOSE), asked, {
    then: Buffer.concat([frame(PING, "p"), close(4000)]),
  }),
  row("7.1.4", "a text before the answer to the server's close", text(ASK_TO_CLOSE), asked, {
    then: Buffer.concat([text("a"), close(4000)]),
    ws: late('text "a"'),
    because: LATE,
  }),
  row("7.1.4", "a message in fragments around the server's close", [text(ASK_TO_CLOSE), part(TEXT, "a")], asked, {
    then: Buffer.concat([frame(CONT, "b"), close(4000)]),
    ws: late('text "ab"'),
    because: LATE,
  }),
  row("7.1.4", "half a message before the answer to the server's close", text(ASK_TO_CLOSE), asked, {
    then: Buffer.concat([part(TEXT, "a"), close(4000)]),
  }),
  row("7.1.7", "an unmasked frame behind the server's close", text(ASK_TO_CLOSE), asked, {
    then: frame(TEXT, "a", { masked: false }),
  }),
  row("7.1.7", "a reserved opcode behind the server's close", text(ASK_TO_CLOSE), asked, { then: frame(3) }),
  row("7.1.7", "a close code that may not be sent behind the server's close", text(ASK_TO_CLOSE), asked, {
    then: close(1005),
  }),
  row("7.1.4", "two close frames behind the server's", text(ASK_TO_CLOSE), asked, {
    then: Buffer.concat([close(4000), close(4000)]),
  }),
  row("7.1.5", "a message right behind the one that has the server close", [text(ASK_TO_CLOSE), text("a")], asked, {
    then: close(4000),
    ws: late('text "a"'),
    because: LATE,
  }),
]

const HALF = { halfClose: true } as const

/** Clauses 7.1.1 and 7.1.5: the client ends its half of TCP. */
export const HALF_CLOSED = [
  row("7.1.5", "nothing before the end of TCP", new Uint8Array(), "end", HALF),
  row("7.1.5", "a message before the end of TCP", text("a"), 'text "a", end', HALF),
  row("7.1.5", "a ping before the end of TCP", frame(PING, "p"), 'pong "p", end', HALF),
  row("7.1.5", "one byte of a frame before the end of TCP", text("a").subarray(0, 1), "end", HALF),
  row("7.1.5", "the header of a frame before the end of TCP", text("a").subarray(0, 2), "end", HALF),
  row("7.1.5", "half a mask before the end of TCP", text("a").subarray(0, 4), "end", HALF),
  row("7.1.5", "half a payload before the end of TCP", text("abcd").subarray(0, 8), "end", HALF),
  row("7.1.5", "half a 64-bit length before the end of TCP", bytes("82 ff 00000000"), "end", HALF),
  row("7.1.5", "half a message before the end of TCP", part(TEXT, "a"), "end", HALF),
  row("7.1.1", "a close frame before the end of TCP", close(1000), "close 1000, end", HALF),
  row("7.1.7", "an unmasked frame before the end of TCP", frame(TEXT, "a", { masked: false }), "close 1002, end", HALF),
  row("7.1.1", "a close frame that is not whole before the end of TCP", close(1000).subarray(0, 7), "end", HALF),
  row("7.1.1", "the end of TCP behind the server's close", text(ASK_TO_CLOSE), asked, {
    then: new Uint8Array(),
    ...HALF,
  }),
]
