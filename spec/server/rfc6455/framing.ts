import {
  BINARY,
  bytes,
  CLOSE,
  close,
  CONT,
  frame,
  MESSAGE_BYTES,
  part,
  PING,
  PONG,
  row,
  TEXT,
  text,
} from "./sequence.js"

const PLAIN = { masked: false } as const
const masked = (...mask: number[]): { masked: Uint8Array } => ({ masked: Uint8Array.from(mask) })

/** Clause 5.1 and 5.3: the mask of a client. */
export const MASKS = [
  row("5.1", "an unmasked text frame", frame(TEXT, "a", PLAIN), "close 1002, end"),
  row("5.1", "an unmasked binary frame", frame(BINARY, "a", PLAIN), "close 1002, end"),
  row("5.1", "an unmasked empty text frame", frame(TEXT, "", PLAIN), "close 1002, end"),
  row("5.1", "an unmasked ping", frame(PING, "a", PLAIN), "close 1002, end"),
  row("5.1", "an unmasked pong", frame(PONG, "a", PLAIN), "close 1002, end"),
  row("5.1", "an unmasked close frame", frame(CLOSE, bytes("03e8"), PLAIN), "close 1002, end"),
  row("5.1", "an unmasked continuation", [part(TEXT, "a"), frame(CONT, "b", PLAIN)], "close 1002, end"),
  row(
    "5.1",
    "an unmasked frame behind a masked one",
    [text("a"), frame(TEXT, "b", PLAIN)],
    'text "a", close 1002, end',
  ),
  row("5.3", "a mask of zeros", frame(TEXT, "abcde", masked(0, 0, 0, 0)), 'text "abcde", open'),
  row("5.3", "a mask of ones", frame(TEXT, "abcde", masked(255, 255, 255, 255)), 'text "abcde", open'),
  row("5.3", "a mask of one byte that counts", frame(TEXT, "abcde", masked(0, 0, 0, 7)), 'text "abcde", open'),
  row("5.3", "a mask without a payload", frame(TEXT, "", masked(1, 2, 3, 4)), 'text "", open'),
  row(
    "5.3",
    "another mask for each fragment",
    [frame(TEXT, "abc", { fin: false, ...masked(1, 2, 3, 4) }), frame(CONT, "defgh", masked(9, 8, 7, 6))],
    'text "abcdefgh", open',
  ),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((length) =>
    row(
      "5.3",
      `a masked payload of ${length} bytes`,
      text("abcdefghi".slice(0, length)),
      `text "${"abcdefghi".slice(0, length)}", open`,
    ),
  ),
]

/** Clause 5.2: the reserved bits, without an extension that gives them a meaning. */
export const RESERVED_BITS = [
  ...[1, 2, 3, 4, 5, 6, 7].map((reserved) =>
    row("5.2", `reserved bits ${reserved} of a text frame`, frame(TEXT, "a", { reserved }), "close 1002, end"),
  ),
  row("5.2", "a reserved bit of a binary frame", frame(BINARY, "a", { reserved: 4 }), "close 1002, end"),
  row("5.2", "a reserved bit of an empty frame", frame(TEXT, "", { reserved: 1 }), "close 1002, end"),
  row("5.2", "a reserved bit of a ping", frame(PING, "a", { reserved: 4 }), "close 1002, end"),
  row("5.2", "a reserved bit of a pong", frame(PONG, "a", { reserved: 2 }), "close 1002, end"),
  row("5.2", "a reserved bit of a close frame", frame(CLOSE, bytes("03e8"), { reserved: 1 }), "close 1002, end"),
  row(
    "5.2",
    "a reserved bit of a continuation",
    [part(TEXT, "a"), frame(CONT, "b", { reserved: 4 })],
    "close 1002, end",
  ),
  row("5.2", "a reserved bit of a first fragment", frame(TEXT, "a", { fin: false, reserved: 2 }), "close 1002, end"),
  row(
    "5.2",
    "a reserved bit behind a message",
    [text("a"), frame(TEXT, "b", { reserved: 4 })],
    'text "a", close 1002, end',
  ),
]

/** Clause 5.2: opcodes that no RFC has given a meaning. */
export const OPCODES = [
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    row("5.2", `the reserved opcode ${opcode}`, frame(opcode, "a"), "close 1002, end"),
  ),
  row("5.2", "a reserved opcode without a payload", frame(3), "close 1002, end"),
  row(
    "5.2",
    "a reserved opcode within a message",
    [part(TEXT, "a"), frame(5, "b"), frame(CONT, "c")],
    "close 1002, end",
  ),
  row("5.2", "a reserved control opcode behind a message", [text("a"), frame(12)], 'text "a", close 1002, end'),
  row("5.2", "a fragment of a reserved opcode", part(4, "a"), "close 1002, end"),
]

/** The header of a frame of one byte more than a message may have. */
const tooLong = (opcode: number): Uint8Array => frame(opcode, "", { length: MESSAGE_BYTES + 1 })

const LENGTHS = [0, 1, 125, 126, 127, 128, 65_535, 65_536, MESSAGE_BYTES]
const short = (length: number): string => (length <= 20 ? `"${"x".repeat(length)}"` : `of ${length}`)

/** Clause 5.2: payload lengths in 7, 16 and 64 bits. */
export const LENGTH_FIELDS = [
  ...LENGTHS.map((length) =>
    row("5.2", `a text of ${length} bytes`, text("x".repeat(length)), `text ${short(length)}, open`),
  ),
  ...LENGTHS.slice(2).map((length) =>
    row("5.2", `${length} bytes in a binary frame`, frame(BINARY, new Uint8Array(length)), `bytes of ${length}, open`),
  ),
  // A sender must use the shortest form; a receiver that takes the others loses nothing.
  ...[0, 5, 20].map((length) =>
    row(
      "5.2",
      `a length of ${length} in 16 bits`,
      frame(TEXT, "x".repeat(length), { lengthBits: 16 }),
      `text ${short(length)}, open`,
    ),
  ),
  ...[0, 5, 126, 65_535].map((length) =>
    row(
      "5.2",
      `a length of ${length} in 64 bits`,
      frame(TEXT, "x".repeat(length), { lengthBits: 64 }),
      `text ${short(length)}, open`,
    ),
  ),
  row("5.2", "a 64-bit length with its highest bit set", bytes("82 ff 8000000000000000 00000000"), "close 1009, end"),
  row("5.2", "a 64-bit length of all ones", bytes("82 ff ffffffffffffffff 00000000"), "close 1009, end"),
  row("5.2", "a 64-bit length above 2^53", bytes("82 ff 0020000000000000 00000000"), "close 1009, end"),
  row("5.2", "a length of 4 GiB", bytes("82 ff 0000000100000000 00000000"), "close 1009, end"),
  row("7.4.1", "a frame of one byte more than a message may have", tooLong(BINARY), "close 1009, end"),
  row(
    "7.4.1",
    "a text that is too long behind one that is not",
    [text("a"), tooLong(TEXT)],
    'text "a", close 1009, end',
  ),
]

/** Clause 5.4: messages in fragments. */
export const FRAGMENTS = [
  row("5.4", "a text in two fragments", [part(TEXT, "ab"), frame(CONT, "cd")], 'text "abcd", open'),
  row("5.4", "a text in three fragments", [part(TEXT, "a"), part(CONT, "b"), frame(CONT, "c")], 'text "abc", open'),
  row("5.4", "bytes in two fragments", [part(BINARY, bytes("00")), frame(CONT, bytes("ff"))], "bytes 00ff, open"),
  row("5.4", "an empty first fragment", [part(TEXT), frame(CONT, "a")], 'text "a", open'),
  row("5.4", "an empty fragment in the middle", [part(TEXT, "a"), part(CONT), frame(CONT, "b")], 'text "ab", open'),
  row("5.4", "an empty last fragment", [part(TEXT, "a"), frame(CONT)], 'text "a", open'),
  row("5.4", "nothing but empty fragments", [part(TEXT), part(CONT), frame(CONT)], 'text "", open'),
  row(
    "5.4",
    "a hundred fragments of a byte",
    [part(TEXT, "x"), ...Array.from({ length: 98 }, () => part(CONT, "x")), frame(CONT, "x")],
    "text of 100, open",
  ),
  row(
    "5.4",
    "fragments with lengths in 64 bits",
    [part(BINARY, new Uint8Array(30_000)), frame(CONT, new Uint8Array(40_000))],
    "bytes of 70000, open",
  ),
  row(
    "5.4",
    "two messages in fragments",
    [part(TEXT, "a"), frame(CONT, "b"), part(TEXT, "c"), frame(CONT, "d")],
    'text "ab", text "cd", open',
  ),
  row(
    "5.4",
    "a message in fragments, and one behind it",
    [part(TEXT, "a"), frame(CONT, "b"), text("c")],
    'text "ab", text "c", open',
  ),
  row(
    "5.4",
    "a ping between two fragments",
    [part(TEXT, "a"), frame(PING, "p"), frame(CONT, "b")],
    'text "ab", pong "p", open',
  ),
  row(
    "5.4",
    "pings between all fragments",
    [part(TEXT, "a"), frame(PING, "p"), part(CONT, "b"), frame(PING, "q"), frame(CONT, "c")],
    'text "abc", pong "p", pong "q", open',
  ),
  row("5.4", "a pong between two fragments", [part(TEXT, "a"), frame(PONG, "p"), frame(CONT, "b")], 'text "ab", open'),
  row(
    "5.4",
    "a close frame between two fragments",
    [part(TEXT, "a"), close(1000), frame(CONT, "b")],
    "close 1000, end",
  ),
  row("5.4", "a continuation of nothing", frame(CONT, "a"), "close 1002, end"),
  row("5.4", "a continuation of nothing that is not final", part(CONT, "a"), "close 1002, end"),
  row("5.4", "an empty continuation of nothing", frame(CONT), "close 1002, end"),
  row("5.4", "a continuation behind a whole message", [text("a"), frame(CONT, "b")], 'text "a", close 1002, end'),
  row(
    "5.4",
    "a continuation behind the last fragment",
    [part(TEXT, "a"), frame(CONT, "b"), frame(CONT, "c")],
    'text "ab", close 1002, end',
  ),
  row("5.4", "a text within a message in fragments", [part(TEXT, "a"), text("b")], "close 1002, end"),
  row("5.4", "bytes within a text in fragments", [part(TEXT, "a"), frame(BINARY, "b")], "close 1002, end"),
  row("5.4", "a first fragment within a message in fragments", [part(TEXT, "a"), part(TEXT, "b")], "close 1002, end"),
  row(
    "7.4.1",
    "fragments that are too long together",
    [part(BINARY, new Uint8Array(40_000)), part(CONT, new Uint8Array(40_000))],
    "close 1009, end",
  ),
]

/** Clause 5.5: control frames. */
export const CONTROL_FRAMES = [
  row("5.5.2", "an empty ping", frame(PING), 'pong "", open'),
  row("5.5.2", "a ping with data", frame(PING, "data"), 'pong "data", open'),
  row("5.5.2", "a ping whose data is not UTF-8", frame(PING, bytes("00ff80")), "pong 00ff80, open"),
  row("5.5.2", "a ping of 125 bytes", frame(PING, "x".repeat(125)), "pong of 125, open"),
  row("5.5", "a ping of 126 bytes", frame(PING, "x".repeat(126)), "close 1002, end"),
  row("5.5", "a ping with its length in 16 bits", frame(PING, "a", { lengthBits: 16 }), "close 1002, end"),
  row("5.5", "a ping with its length in 64 bits", frame(PING, "a", { lengthBits: 64 }), "close 1002, end"),
  row("5.5", "a ping that is a fragment", part(PING, "a"), "close 1002, end"),
  row("5.5", "a ping in two fragments", [part(PING, "a"), frame(CONT, "b")], "close 1002, end"),
  row(
    "5.5",
    "a fragmented ping within a message",
    [part(TEXT, "a"), part(PING, "p"), frame(CONT, "b")],
    "close 1002, end",
  ),
  row(
    "5.5.2",
    "three pings",
    [frame(PING, "1"), frame(PING, "2"), frame(PING, "3")],
    'pong "1", pong "2", pong "3", open',
  ),
  row(
    "5.5.2",
    "a ping before and behind a message",
    [frame(PING, "1"), text("a"), frame(PING, "2")],
    'text "a", pong "1", pong "2", open',
  ),
  row("5.5.3", "a pong that was not asked for", frame(PONG, "a"), "open"),
  row("5.5.3", "an empty pong", frame(PONG), "open"),
  row("5.5.3", "a pong of 125 bytes", frame(PONG, "x".repeat(125)), "open"),
  row("5.5", "a pong of 126 bytes", frame(PONG, "x".repeat(126)), "close 1002, end"),
  row("5.5", "a pong that is a fragment", part(PONG, "a"), "close 1002, end"),
  row(
    "5.5",
    "a close frame of 126 bytes",
    frame(CLOSE, Buffer.concat([bytes("03e8"), Buffer.alloc(124, "x")])),
    "close 1002, end",
  ),
  row("5.5", "a close frame that is a fragment", frame(CLOSE, bytes("03e8"), { fin: false }), "close 1002, end"),
]
