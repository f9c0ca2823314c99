import { createHash } from "node:crypto"

/** The ways in which a frame differs from a correct one. */
export interface Odd {
  fin?: boolean
  /** The three reserved bits, as 0 to 7. */
  reserved?: number
  /** `true` masks by zeros, which leave the payload as it is; four bytes are used as the mask. */
  masked?: boolean | Uint8Array
  /** The size of the length field in bits. */
  lengthBits?: 7 | 16 | 64
  /** A length other than that of the payload. */
  length?: number
}

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A websocket frame, written without a library. */
export function rawFrame(opcode: number, payload: string | Uint8Array = "", odd: Odd = {}): Buffer {
  const body = Buffer.from(payload as string)
  const { fin = true, reserved = 0, masked = false, length = body.length } = odd
  const bits = odd.lengthBits ?? (length < 126 ? 7 : length < 65_536 ? 16 : 64)
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10)
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode
  head[1] = (masked ? 0x80 : 0) | (bits === 7 ? length : bits === 16 ? 126 : 127)
  if (bits === 16) head.writeUInt16BE(length, 2)
  if (bits === 64) head.writeBigUInt64BE(BigInt(length), 2)
  if (masked === false) return Buffer.concat([head, body])
  const mask = masked === true ? new Uint8Array(4) : masked
  return Buffer.concat([head, mask, body.map((byte, i) => byte ^ (mask[i % 4] as number))])
}

/** The payload of a close frame. */
export function closeBody(code: number, reason: string | Uint8Array = ""): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason as string)])
}

/** A message in `count` fragments, with the bytes `between` after each but the last. */
export function fragments(opcode: number, payload: Uint8Array, count: number, between: Uint8Array): Buffer {
  const size = Math.ceil(payload.length / count)
  const parts = Array.from({ length: count }, (_, i) => {
    const part = payload.subarray(i * size, (i + 1) * size)
    return rawFrame(i === 0 ? opcode : OPCODES.continuation, part, { fin: i === count - 1 })
  })
  return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [between, part])))
}

/** The `sec-websocket-accept` for a key. */
export const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")

/** The answer to a handshake; given headers replace the right ones, and `undefined` leaves one out. */
export function handshakeAnswer(
  key: string,
  headers: Record<string, string | undefined> = {},
  status = "101 Switching Protocols",
): string {
  const all: Record<string, string | undefined> = {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-accept": acceptOf(key),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [`HTTP/1.1 ${status}`, ...lines, "", ""].join("\r\n")
}

/** Reads the frames of a client as they come, and unmasks their payloads. */
export class ClientFrames {
  #rest: Buffer = Buffer.alloc(0)

  /** Adds bytes, and returns the frames that are whole now. */
  push(chunk: Buffer): { opcode: number; payload: Buffer }[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const found: { opcode: number; payload: Buffer }[] = []
    for (let next = this.#next(); next !== undefined; next = this.#next()) found.push(next)
    return found
  }

  #next(): { opcode: number; payload: Buffer } | undefined {
    const bytes = this.#rest
    if (bytes.length < 2) return undefined
    const short = (bytes[1] as number) & 0x7f
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length < head + 4) return undefined
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    const end = head + 4 + length
    if (bytes.length < end) return undefined
    const mask = bytes.subarray(head, head + 4)
    const payload = bytes.subarray(head + 4, end).map((byte, i) => byte ^ (mask[i % 4] as number)) as Buffer
    this.#rest = bytes.subarray(end)
    return { opcode: (bytes[0] as number) & 15, payload }
  }
}
