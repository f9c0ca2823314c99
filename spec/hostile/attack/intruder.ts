import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"

export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** A frame as a client sends it, with a mask of zeros. */
export function clientFrame(
  opcode: number,
  payload: string | Uint8Array,
  { fin = true, compressed = false }: { fin?: boolean; compressed?: boolean } = {},
): Buffer {
  const body = Buffer.from(payload)
  const { length } = body
  const header = length < 126 ? 6 : length < 65_536 ? 8 : 14
  const frame = Buffer.alloc(header + length)
  frame[0] = (fin ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode
  frame[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (header === 8) frame.writeUInt16BE(length, 2)
  if (header === 14) frame.writeUInt32BE(length, 6)
  frame.set(body, header)
  return frame
}

/** A message of version 2 as a frame. */
export const messageFrame = (...message: unknown[]): Buffer => clientFrame(TEXT, JSON.stringify(message))

/** A request as it goes over the connection. */
export const requestText = (method: string, path: string, headers: readonly string[] = [], body = ""): string =>
  [`${method} ${path} HTTP/1.1`, "host: 127.0.0.1", ...headers, "", body].join("\r\n")

/** The headers of a handshake. */
export const UPGRADE: readonly string[] = [
  "connection: upgrade",
  "upgrade: websocket",
  "sec-websocket-version: 13",
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
]

export const WEBSOCKET = "/socket/websocket?vsn=2.0.0"
export const LONGPOLL = "/socket/longpoll?vsn=2.0.0"

/** The port of a server, and the address to connect from. */
export interface Target {
  readonly port: number
  readonly from?: string | undefined
  /** Whether to use TLS, with any certificate. */
  readonly tls?: boolean | undefined
  /** Whether to keep the client's half of the connection open after the server has ended the other. */
  readonly lingers?: boolean | undefined
}

function open({ port, from, tls = false, lingers = false }: Target): Socket {
  const options = { port, host: "127.0.0.1", allowHalfOpen: lingers, ...(from !== undefined && { localAddress: from }) }
  return tls ? connectTls({ ...options, rejectUnauthorized: false }) : connect({ ...options, noDelay: true })
}

/** The payload of a reply. */
export interface Reply {
  readonly status: string
  readonly response: unknown
}

const NOTHING = Buffer.alloc(0)
const REASON = /"reason":"([^"]+)"/

/** An attacker: a connection without a library that can send any bytes, and does not have to read. */
export class Intruder {
  readonly socket: Socket
  /** The received HTTP statuses, in order. */
  readonly statuses: number[] = []
  /** The code of the received close frame. */
  closeCode: number | undefined
  /** The number of refusing replies, by their reasons. */
  readonly refused = new Map<string, number>()
  /** The number of received frames. */
  frames = 0
  /** The bytes before the first frame. */
  head = ""
  /** Replies by their refs, kept from the first {@link Intruder.ask} on. */
  readonly #replies = new Map<string, Reply>()
  #listens = false
  over = false
  readonly ended: Promise<void>
  readonly #tls: boolean
  #upgraded = false
  #rest: Buffer = NOTHING
  #wake: (() => void)[] = []

  private constructor(target: Target) {
    const { tls = false } = target
    this.#tls = tls
    this.socket = open(target)
    this.socket.on("error", () => {})
    this.socket.on("data", (chunk) => this.#read(chunk))
    this.ended = new Promise((resolve) => {
      this.socket.on("close", () => {
        this.over = true
        this.#told()
        resolve()
      })
    })
  }

  /** Opens a connection, and sends nothing. */
  static async connect(target: Target): Promise<Intruder> {
    const intruder = new Intruder(target)
    const opened = target.tls === true ? "secureConnect" : "connect"
    await Promise.race([once(intruder.socket, opened).catch(() => undefined), intruder.ended])
    return intruder
  }

  /** Opens a connection, and asks for a websocket. */
  static async enter(target: Target, path: string = WEBSOCKET, headers: readonly string[] = []): Promise<Intruder> {
    const intruder = await Intruder.connect(target)
    intruder.send(requestText("GET", path, [...UPGRADE, ...headers]))
    await intruder.until(() => intruder.statuses.length > 0)
    return intruder
  }

  send(bytes: string | Uint8Array): void {
    if (!this.over) this.socket.write(bytes)
  }

  /** Sends a message, and waits for the reply to its ref; `undefined` if the connection ends before. */
  async ask(
    join_ref: unknown,
    ref: string,
    topic: string,
    event: string,
    payload: unknown,
  ): Promise<Reply | undefined> {
    this.#listens = true
    this.send(messageFrame(join_ref, ref, topic, event, payload))
    await this.until(() => this.#replies.has(ref))
    const reply = this.#replies.get(ref)
    this.#replies.delete(ref)
    return reply
  }

  /** The result of the attack: the close code, else the last HTTP status, else whether it was cut or got no answer. */
  get outcome(): string {
    if (this.closeCode !== undefined) return `close ${this.closeCode}`
    const status = this.statuses.at(-1)
    if (status !== undefined && status !== 101) return `HTTP ${status}`
    return this.over ? "cut" : "open"
  }

  /** Waits until a condition holds, or the connection has ended. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.over) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }

  /** Drops the connection without a close. */
  leave(): void {
    if (this.#tls) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  #told(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#upgraded) this.#rest = this.#readFrames(bytes)
    else this.#readAnswers(bytes)
    this.#told()
  }

  #readAnswers(bytes: Buffer): void {
    const text = bytes.toString("latin1")
    this.head += text
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3})/g)) this.statuses.push(Number(status))
    const end = bytes.indexOf("\r\n\r\n", Math.max(0, bytes.lastIndexOf("HTTP/1.1 101")))
    if (this.statuses.at(-1) !== 101 || end < 0) return
    this.#upgraded = true
    this.#rest = this.#readFrames(bytes.subarray(end + 4))
  }

  #readFrames(bytes: Buffer): Buffer {
    let at = 0
    while (at + 2 <= bytes.length) {
      const short = bytes[at + 1] as number
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
      if (start > bytes.length) break
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6)
      if (start + length > bytes.length) break
      this.#frame((bytes[at] as number) & 0xf, bytes.subarray(start, start + length))
      at = start + length
    }
    return at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at))
  }

  #frame(opcode: number, payload: Buffer): void {
    this.frames++
    if (opcode === CLOSE) this.closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
    if (opcode !== TEXT) return
    if (this.#listens) this.#heard(payload.toString())
    if (payload.length > 2000) return
    const reason = REASON.exec(payload.toString("latin1"))?.[1]
    if (reason !== undefined) this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
  }

  #heard(text: string): void {
    const [, ref, , event, payload] = JSON.parse(text) as [unknown, string, string, string, Reply]
    if (event === "phx_reply") this.#replies.set(ref, payload)
  }
}
