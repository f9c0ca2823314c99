import { connect, type Socket } from "node:net"

/** A frame of a server. */
export interface ServerFrame {
  readonly opcode: number
  readonly compressed: boolean
  readonly payload: Buffer
}

/** The first frame in `bytes`, and its length on the wire; `undefined` until the whole frame is there. */
function readFrame(bytes: Buffer): { frame: ServerFrame; length: number } | undefined {
  if (bytes.length < 2) return undefined
  const first = bytes.readUInt8(0)
  const short = bytes.readUInt8(1)
  const start = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < start) return undefined
  const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (bytes.length < start + size) return undefined
  const payload = Buffer.from(bytes.subarray(start, start + size))
  return { frame: { opcode: first & 15, compressed: (first & 0x40) !== 0, payload }, length: start + size }
}

/**
 * A websocket client without a library. It sends any bytes, and keeps its half of TCP open until {@link RawClient.end},
 * whatever the server does with the other half.
 */
export class RawClient {
  readonly socket: Socket
  readonly frames: ServerFrame[] = []
  /** The answer to the handshake, with its headers. */
  head = ""
  /** Whether the server has ended its half of TCP. */
  ended = false
  /** Whether the server has reset the connection. */
  reset = false
  /** Whether both halves have ended. */
  closed = false
  #upgraded = false
  #rest: Buffer = Buffer.alloc(0)
  #wake: (() => void)[] = []

  private constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true })
    this.socket.on("data", (chunk) => this.#read(chunk))
    this.socket.on("end", () => this.#tell(() => (this.ended = true)))
    this.socket.on("error", () => this.#tell(() => (this.reset = true)))
    this.socket.on("close", () => this.#tell(() => (this.closed = true)))
  }

  /** Connects, and asks for a websocket. Resolves with the answer, whatever it is. */
  static async open(port: number, path: string, headers: readonly string[] = []): Promise<RawClient> {
    const client = new RawClient(port)
    const handshake = [
      `GET ${path} HTTP/1.1`,
      "host: 127.0.0.1",
      "connection: upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    ]
    client.send(`${handshake.join("\r\n")}\r\n\r\n`)
    await client.until(() => client.head !== "")
    return client
  }

  /** The status of the answer to the handshake. */
  get status(): number {
    return Number(this.head.split(" ")[1])
  }

  /** A header of the answer to the handshake. */
  header(name: string): string | undefined {
    const line = this.head.split("\r\n").find((header) => header.toLowerCase().startsWith(`${name}:`))
    return line?.slice(name.length + 1).trim()
  }

  /** The code of the server's close frame: 1005 if it has none, `undefined` if there was no close frame. */
  get closeCode(): number | undefined {
    const payload = this.frames.find(({ opcode }) => opcode === 8)?.payload
    return payload && (payload.length < 2 ? 1005 : payload.readUInt16BE(0))
  }

  send(bytes: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes)
  }

  /** Ends this client's half of TCP. */
  end(): void {
    this.socket.end()
  }

  /** Waits until a condition holds, or both halves of the connection have ended. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.closed) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }

  #tell(change: () => void): void {
    change()
    for (const wake of this.#wake.splice(0)) wake()
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    this.#tell(() => {
      if (!this.#upgraded) this.#readHead()
      if (this.#upgraded) this.#readFrames()
    })
  }

  #readHead(): void {
    const end = this.#rest.indexOf("\r\n\r\n")
    if (end === -1) return
    this.head = this.#rest.toString("latin1", 0, end)
    this.#rest = this.#rest.subarray(end + 4)
    this.#upgraded = this.status === 101
  }

  #readFrames(): void {
    for (let read = readFrame(this.#rest); read !== undefined; read = readFrame(this.#rest)) {
      this.frames.push(read.frame)
      this.#rest = this.#rest.subarray(read.length)
    }
  }
}
