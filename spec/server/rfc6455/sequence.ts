import { rawFrame, closeBody, OPCODES, type Odd } from "../../support/raw-websocket.js"

/** Bytes of a client, and what a server does about them. */
export interface Sequence {
  /** The clause of RFC 6455, or of RFC 7692 with its number before it. */
  readonly clause: string
  readonly title: string
  readonly bytes: Uint8Array
  /**
   * Messages that reach the handler, pongs, the close frame, and the state of TCP then: `end` once the server has ended
   * it, `open` where a ping behind the bytes is still answered.
   */
  readonly outcome: string
  /** Bytes that follow the close frame of the server. */
  readonly then?: Uint8Array
  /** Whether the client ends its half of TCP behind the bytes. */
  readonly halfClose?: boolean
  /** The client's `Sec-WebSocket-Extensions`. */
  readonly offer?: string
  /** The outcome at a server of `ws`, where it is another. */
  readonly ws?: string
  /** The reason for the difference. */
  readonly because?: string
}

type Extras = Omit<Sequence, "clause" | "title" | "bytes" | "outcome">

/** Bytes that a message may have, on both servers. */
export const MESSAGE_BYTES = 70_000

export const { continuation: CONT, text: TEXT, binary: BINARY, close: CLOSE, ping: PING, pong: PONG } = OPCODES

/** A row of a table. */
export const row = (
  clause: string,
  title: string,
  bytes: Uint8Array | readonly Uint8Array[],
  outcome: string,
  extras: Extras = {},
): Sequence => ({
  clause,
  title,
  bytes: bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes),
  outcome,
  ...extras,
})

/** A masked frame. */
export const frame = (opcode: number, payload: string | Uint8Array = "", odd: Odd = {}): Buffer =>
  rawFrame(opcode, payload, { masked: Uint8Array.of(0x37, 0xfa, 0x21, 0x3d), ...odd })

/** A masked frame that is not the last of its message. */
export const part = (opcode: number, payload: string | Uint8Array = ""): Buffer =>
  frame(opcode, payload, { fin: false })

export const text = (payload: string | Uint8Array): Buffer => frame(TEXT, payload)

export const close = (code?: number, reason: string | Uint8Array = ""): Buffer =>
  frame(CLOSE, code === undefined ? "" : closeBody(code, reason))

export const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex")

/** A text that has the server close the connection with 4000. */
export const ASK_TO_CLOSE = "please close"

/** Why the table has other outcomes at ws for messages that cross the server's close frame. */
export const LATE =
  "a client may send until it sees the close frame, and ws hands that to the handler; a handler of ours is done by then"
