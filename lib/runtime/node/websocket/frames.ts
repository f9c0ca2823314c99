import { closeReason } from "../../../protocol/close-codes.js"
import type { Encoding } from "./surroundings.js"

/** Websocket opcodes. */
export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

const FIN = 0x80
const COMPRESSED = 0x40

// Text up to this length is not measured first: it is written into a buffer of three bytes per character, the most that
// UTF-8 can take.
const SHORT = 340

function headerLength(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10
}

function writeHeader(into: Buffer, at: number, first: number, length: number): void {
  into[at] = first
  if (length < 126) {
    into[at + 1] = length
  } else if (length < 65_536) {
    into[at + 1] = 126
    into.writeUInt16BE(length, at + 2)
  } else {
    into[at + 1] = 127
    into.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 2)
    into.writeUInt32BE(length >>> 0, at + 6)
  }
}

/** Makes a frame. A server's frames are not masked, so all sockets that get the message share one buffer. */
export function frameBytes(opcode: number, payload: Uint8Array, compressed = false): Buffer {
  const header = headerLength(payload.length)
  const frame = Buffer.allocUnsafe(header + payload.length)
  writeHeader(frame, 0, FIN | (compressed ? COMPRESSED : 0) | opcode, payload.length)
  frame.set(payload, header)
  return frame
}

function frameText(text: string): Buffer {
  if (text.length > SHORT) {
    const length = Buffer.byteLength(text)
    const header = headerLength(length)
    const frame = Buffer.allocUnsafe(header + length)
    writeHeader(frame, 0, FIN | TEXT, length)
    frame.write(text, header)
    return frame
  }
  const slab = Buffer.allocUnsafe(4 + text.length * 3)
  const length = slab.write(text, 4)
  const start = length < 126 ? 2 : 0
  writeHeader(slab, start, FIN | TEXT, length)
  return slab.subarray(start, 4 + length)
}

/** The form of a message as one websocket frame. */
export const PLAIN: Encoding<Buffer> = {
  encode: (data, text) => (typeof data === "string" ? frameText(data) : frameBytes(text ? TEXT : BINARY, data)),
}

/** Makes a close frame; without a code it is empty. */
export function frameClose(code?: number, reason = ""): Buffer {
  if (code === undefined) return frameBytes(CLOSE, Buffer.alloc(0))
  const text = Buffer.from(closeReason(reason))
  const payload = Buffer.allocUnsafe(2 + text.length)
  payload.writeUInt16BE(code, 0)
  payload.set(text, 2)
  return frameBytes(CLOSE, payload)
}
