import { constants, deflateRawSync } from "node:zlib"
import {
  ASK_TO_CLOSE,
  BINARY,
  bytes,
  close,
  CLOSE,
  CONT,
  frame,
  LATE,
  MESSAGE_BYTES,
  part,
  PING,
  row,
  TEXT,
  text,
} from "./sequence.js"

type Row = ReturnType<typeof row>

const OFFER = { offer: "permessage-deflate" } as const

/** A message by itself as permessage-deflate has it: without the empty block at its end. */
export const deflated = (payload: string | Uint8Array): Buffer =>
  deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)

const packed = (opcode: number, payload: Uint8Array, fin = true): Buffer => frame(opcode, payload, { fin, reserved: 4 })
const with7692 = (clause: string, title: string, sent: Uint8Array | Uint8Array[], outcome: string, extras = {}): Row =>
  row(`7692 ${clause}`, title, sent, outcome, { ...OFFER, ...extras })

const HELLO = deflated("Hello")
const HORSES = deflated("🐎 and 🐎")

/** RFC 7692: compressed messages. */
export const DEFLATED = [
  with7692("7.2.3.1", "the RFC's compressed Hello", packed(TEXT, bytes("f248cdc9c90700")), 'text "Hello", open'),
  with7692(
    "7.2.3.1",
    "the RFC's compressed Hello in two fragments",
    [packed(TEXT, bytes("f248cd"), false), frame(CONT, bytes("c9c90700"))],
    'text "Hello", open',
  ),
  with7692(
    "7.2.3.2",
    "the RFC's second Hello, which refers to the first",
    [packed(TEXT, bytes("f248cdc9c90700")), packed(TEXT, bytes("f200110000"))],
    'text "Hello", text "Hello", open',
  ),
  with7692(
    "7.2.3.3",
    "the RFC's block without compression",
    packed(TEXT, bytes("000500faff48656c6c6f00")),
    'text "Hello", open',
  ),
  with7692("7.2.3.4", "the RFC's final block", packed(TEXT, bytes("f348cdc9c9070000")), 'text "Hello", open'),
  with7692(
    "7.2.3.5",
    "the RFC's two blocks",
    packed(TEXT, bytes("f248050000 00ffff cac9c90700")),
    'text "Hello", open',
  ),
  with7692("7.2.3.6", "an empty message", packed(TEXT, bytes("00")), 'text "", open'),
  with7692("6.1", "a message that is not compressed", text("plain"), 'text "plain", open'),
  with7692(
    "6.1",
    "compressed and plain messages in turns",
    [packed(TEXT, HELLO), text("plain"), packed(TEXT, HELLO)],
    'text "Hello", text "plain", text "Hello", open',
  ),
  with7692("6.1", "a plain message in fragments", [part(TEXT, "a"), frame(CONT, "b")], 'text "ab", open'),
  with7692("7.2.1", "compressed bytes", packed(BINARY, deflated(bytes("00ff"))), "bytes 00ff, open"),
  with7692(
    "7.2.1",
    "a compressed text of one character many times",
    packed(TEXT, deflated("x".repeat(MESSAGE_BYTES))),
    `text of ${MESSAGE_BYTES}, open`,
  ),
  with7692(
    "6.2",
    "a compressed message in fragments of a byte",
    [
      packed(TEXT, HELLO.subarray(0, 1), false),
      ...[...HELLO.subarray(1, -1)].map((byte) => part(CONT, Uint8Array.of(byte))),
      frame(CONT, HELLO.subarray(-1)),
    ],
    'text "Hello", open',
  ),
  with7692(
    "6.2",
    "an empty last fragment of a compressed message",
    [packed(TEXT, HELLO, false), frame(CONT)],
    'text "Hello", open',
  ),
  with7692(
    "6.1",
    "a ping between compressed fragments",
    [packed(TEXT, HELLO.subarray(0, 3), false), frame(PING, "p"), frame(CONT, HELLO.subarray(3))],
    'text "Hello", pong "p", open',
  ),
  with7692(
    "6.2",
    "a character that the inflated fragments cut",
    [packed(TEXT, HORSES.subarray(0, 3), false), frame(CONT, HORSES.subarray(3))],
    'text "🐎 and 🐎", open',
  ),
  with7692("6", "the compressed bit without its extension", packed(TEXT, HELLO), "close 1002, end", {
    offer: undefined,
  }),
  with7692(
    "6.1",
    "the compressed bit of a continuation",
    [packed(TEXT, HELLO.subarray(0, 3), false), packed(CONT, HELLO.subarray(3))],
    "close 1002, end",
  ),
  with7692(
    "6.1",
    "the compressed bit of a continuation of a plain message",
    [part(TEXT, "a"), packed(CONT, HELLO)],
    "close 1002, end",
  ),
  with7692("6.1", "the compressed bit of a ping", packed(PING, HELLO), "close 1002, end"),
  with7692("6.1", "the compressed bit of a close frame", packed(CLOSE, bytes("03e8")), "close 1002, end"),
  with7692("6", "another reserved bit of a compressed message", frame(TEXT, HELLO, { reserved: 6 }), "close 1002, end"),
  with7692("7.2.2", "a block of a type that does not exist", packed(TEXT, bytes("06ffff")), "close 1007, end"),
  with7692(
    "7.2.2",
    "a reference to data before the first message",
    packed(TEXT, bytes("f200110000")),
    "close 1007, end",
  ),
  with7692(
    "7.2.2",
    "a stored block whose lengths differ",
    packed(TEXT, bytes("000500ffff48656c6c6f00")),
    "close 1007, end",
  ),
  with7692(
    "7.2.2",
    "text that is not compressed at all",
    packed(TEXT, Buffer.from("Hello, this is plain text")),
    "close 1007, end",
  ),
  with7692("7.2.2", "compressed text that is not UTF-8", packed(TEXT, deflated(bytes("ff"))), "close 1007, end"),
  with7692(
    "7.2.2",
    "a message behind one that cannot be inflated",
    [packed(TEXT, bytes("06ffff")), text("a")],
    "close 1007, end",
  ),
  with7692(
    "8",
    "a message that is too long once it is inflated",
    packed(TEXT, deflated("x".repeat(MESSAGE_BYTES + 1))),
    "close 1009, end",
  ),
  with7692(
    "8",
    "a message that inflates to a hundred times its limit",
    packed(TEXT, deflated(new Uint8Array(100 * MESSAGE_BYTES))),
    "close 1009, end",
  ),
  with7692(
    "6.1",
    "a close frame between compressed fragments",
    [packed(TEXT, HELLO.subarray(0, 3), false), close(1000)],
    "close 1000, end",
  ),
  with7692(
    "6.1",
    "a close frame right behind a compressed message",
    [packed(TEXT, HELLO), close(1000)],
    'text "Hello", close 1000, end',
  ),
  with7692(
    "6.1",
    "a compressed message right before an unmasked frame",
    [packed(TEXT, HELLO), frame(TEXT, "a", { masked: false })],
    'text "Hello", close 1002, end',
  ),
  with7692("6.1", "a compressed message before the end of TCP", packed(TEXT, HELLO), 'text "Hello", end', {
    halfClose: true,
  }),
  with7692(
    "6.1",
    "a compressed message behind the server's close",
    text(ASK_TO_CLOSE),
    `text "${ASK_TO_CLOSE}", close 4000, end`,
    {
      then: Buffer.concat([packed(TEXT, HELLO), close(4000)]),
      ws: `text "${ASK_TO_CLOSE}", text "Hello", close 4000, end`,
      because: LATE,
    },
  ),
]
