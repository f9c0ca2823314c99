import { randomBytes } from "node:crypto"
import { connect, type Socket } from "node:net"

const TEXT = 0x1
const BINARY = 0x2
const CLOSE = 0x8

function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload
  if (length > 65_535) throw new Error("longer than any frame of a benchmark")
  const header = length < 126 ? 6 : 8
  const frame = Buffer.alloc(header + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (length < 126 ? length : 126)
  if (length >= 126) frame.writeUInt16BE(length, 2)
  // The server unmasks zeros like any other mask, but they cost the load nothing.
  frame.writeUInt32BE(0, header - 4)
  frame.set(payload, header)
  return frame
}

/** A text frame as a client sends it. */
export const textFrame = (text: string): Buffer => clientFrame(TEXT, Buffer.from(text))

/** A binary frame as a client sends it. */
export const binaryFrame = (bytes: Uint8Array): Buffer => clientFrame(BINARY, bytes)

const NOTHING = Buffer.alloc(0)

/** The buffer into which all connections read in turn, so that a chunk needs no allocation. */
const SHARED = Buffer.alloc(65_536)

/**
 * A websocket that only counts its frames, so that the benchmark does not measure the load. It is the same one for
 * every server.
 */
export class Line {
  /** Called with the number of whole frames of each chunk. */
  onFrames: ((count: number) => void) | undefined
  /** Called with the payload of each frame, while it is set. */
  inspect: ((payload: Buffer) => void) | undefined
  readonly #socket: Socket
  #upgraded: (() => void) | undefined
  #rest: Buffer = NOTHING
  #unawaited = 0
  #closed = false

  private constructor(port: number, path: string, upgraded: () => void) {
    this.#upgraded = upgraded
    this.#socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: { buffer: SHARED, callback: (length) => this.#read(SHARED.subarray(0, length)) },
    })
    this.#socket.on("close", () => {
      if (!this.#closed) throw new Error("the server ended a line")
    })
    const headers = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ]
    this.#socket.write(`${headers.join("\r\n")}\r\n\r\n`)
  }

  /** Connects; resolves at the end of the handshake. */
  static open(port: number, path: string): Promise<Line> {
    return new Promise((resolve) => {
      const line: Line = new Line(port, path, () => resolve(line))
    })
  }

  send(frame: Uint8Array): void {
    this.#socket.write(frame)
  }

  /** Ends the connection without a close frame; resolves once the server has ended it too. */
  close(): Promise<void> {
    this.#closed = true
    this.#socket.end()
    return new Promise((resolve) => this.#socket.once("close", () => resolve()))
  }

  /** Waits for `count` more frames. */
  async frames(count: number): Promise<void> {
    if (this.#unawaited < count) {
      await new Promise<void>((resolve) => {
        this.onFrames = () => {
          if (this.#unawaited >= count) resolve()
        }
      })
      this.onFrames = undefined
    }
    this.#unawaited -= count
  }

  /** Forgets the frames that no call has waited for. */
  forget(): void {
    this.#unawaited = 0
  }

  #read(chunk: Buffer): boolean {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = this.#upgraded === undefined ? 0 : this.#readAnswer(bytes)
    let count = 0
    while (this.#upgraded === undefined && at + 4 <= bytes.length) {
      const short = bytes[at + 1] as number
      if (short === 127) throw new Error("longer than any frame of a benchmark")
      if (((bytes[at] as number) & 0xf) === CLOSE) throw new Error("the server closes a line")
      const start = at + (short === 126 ? 4 : 2)
      const end = start + (short === 126 ? bytes.readUInt16BE(at + 2) : short)
      if (end > bytes.length) break
      this.inspect?.(bytes.subarray(start, end))
      at = end
      count++
    }
    // The rest is copied, because the next chunk overwrites the buffer.
    this.#rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at))
    if (count > 0) {
      this.#unawaited += count
      this.onFrames?.(count)
    }
    return true
  }

  /** Looks for the end of the handshake, and returns its position. */
  #readAnswer(bytes: Buffer): number {
    const end = bytes.indexOf("\r\n\r\n")
    if (end < 0) return 0
    const answer = bytes.toString("latin1", 0, end)
    if (!answer.startsWith("HTTP/1.1 101")) throw new Error(`not upgraded: ${answer}`)
    this.#upgraded?.()
    this.#upgraded = undefined
    return end + 4
  }
}
