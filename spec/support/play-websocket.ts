import { connect, type Socket } from "node:net"
import { WebSocket } from "ws"
import { PATIENCE } from "./patience.js"
import type { PlayedConnection, PlayedFrame } from "./played.js"
import type { RecordedConnection, RecordedFrame } from "./recordings.js"

/** A websocket of a scenario, replayed against a server by the library that recorded it, or by hand. */
export class PlayedWebSocket {
  readonly seen: PlayedConnection = {
    opened: false,
    status: undefined,
    headers: {},
    body: undefined,
    protocol: "",
    extensions: "",
    error: undefined,
    frames: [],
  }
  readonly #began: number
  readonly #waiting = new Set<() => void>()
  #socket: WebSocket | undefined
  #raw: Socket | undefined

  constructor(began: number) {
    this.#began = began
  }

  /** Opens it, or notes the reason of the failure. */
  async open(port: number, recorded: RecordedConnection): Promise<void> {
    if (recorded.raw_handshake === true) return this.#openRaw(port, recorded)
    const socket = new WebSocket(`ws://127.0.0.1:${port}${recorded.url}`, recorded.protocols ?? [], {
      headers: recorded.headers ?? {},
      perMessageDeflate: recorded.url.startsWith("/deflate") || recorded.id === "/socket",
      maxPayload: 100_000_000,
      ...(recorded.origin === undefined ? {} : { origin: recorded.origin }),
    })
    this.#socket = socket
    const { seen } = this
    socket.on("upgrade", ({ statusCode, headers }) => {
      seen.status = statusCode
      seen.headers = headers as Record<string, string>
    })
    socket.on("message", (data, binary) => {
      const bytes = data as Buffer
      this.#saw(binary ? { kind: "binary", data: bytes.toString("base64") } : { kind: "text", data: bytes.toString() })
    })
    socket.on("pong", (data) => this.#saw({ kind: "pong", data: data.toString("base64") }))
    socket.on("close", (code) => this.#saw({ kind: "close", code }))
    await new Promise<void>((resolve) => {
      socket.on("open", () => {
        seen.opened = true
        seen.protocol = socket.protocol
        seen.extensions = socket.extensions
        resolve()
      })
      socket.on("unexpected-response", (request, response) => {
        seen.status = response.statusCode
        seen.headers = response.headers as Record<string, string>
        let body = ""
        response.on("data", (chunk: Buffer) => (body += chunk.toString()))
        response.on("end", () => {
          seen.body = body
          request.destroy()
          resolve()
        })
      })
      socket.on("error", (error) => {
        seen.error = error.message
        resolve()
      })
    })
  }

  send(frame: RecordedFrame): void {
    if (this.#raw !== undefined) return this.#sendRaw(frame.data ?? "")
    const socket = this.#socket as WebSocket
    const text = frame.kind === "text" ? (frame.data ?? longText(frame)) : ""
    switch (frame.kind) {
      case "text":
        return frame.note === "in three fragments" ? this.#sendFragments(text) : socket.send(text)
      case "binary":
        return socket.send(Buffer.from(frame.data ?? "", "base64"), { binary: frame.note !== "sent as a TEXT frame" })
      case "ping":
        return socket.ping(Buffer.from(frame.data ?? "", "base64"))
      case "close":
        return socket.close(frame.code, frame.reason)
      default:
        throw new Error(`clients send no frames of kind ${frame.kind}`)
    }
  }

  /** Sends one message as `count` fragments of `bytes` bytes each. */
  sendInFragments(count: number, bytes: number): void {
    const fragment = Buffer.alloc(bytes, "x")
    for (let i = 0; i < count; i++) this.#socket?.send(fragment, { binary: false, fin: i === count - 1 })
  }

  /** Resolves once `count` frames have come. */
  async received(count: number): Promise<void> {
    const { frames } = this.seen
    const late = setTimeout(() => this.#wake(), PATIENCE.timeout)
    const began = Date.now()
    while (frames.length < count && Date.now() - began < PATIENCE.timeout) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
    clearTimeout(late)
  }

  end(): void {
    this.#raw?.destroy()
    this.#socket?.terminate()
  }

  #saw(frame: Omit<PlayedFrame, "t">): void {
    this.seen.frames.push({ ...frame, t: performance.now() - this.#began })
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
    this.#waiting.clear()
  }

  #sendFragments(text: string): void {
    const third = Math.ceil(text.length / 3)
    for (let i = 0; i < 3; i++) this.#socket?.send(text.slice(i * third, (i + 1) * third), { fin: i === 2 })
  }

  #openRaw(port: number, { url, headers = {} }: RecordedConnection): Promise<void> {
    const raw = connect(port, "127.0.0.1")
    this.#raw = raw
    const lines = [
      `GET ${url} HTTP/1.1`,
      "host: localhost",
      "connection: Upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ]
    raw.write(`${lines.join("\r\n")}\r\n\r\n`)
    let bytes: Buffer = Buffer.alloc(0)
    return new Promise<void>((resolve) => {
      raw.on("data", (chunk) => {
        bytes = Buffer.concat([bytes, chunk])
        if (this.seen.status === undefined) {
          const end = bytes.indexOf("\r\n\r\n")
          if (end === -1) return
          this.#readHead(bytes.subarray(0, end).toString())
          bytes = bytes.subarray(end + 4)
          if (this.seen.opened) resolve()
        }
        if (this.seen.opened) bytes = this.#readFrames(bytes)
      })
      raw.on("close", () => {
        if (!this.seen.opened) this.seen.body = bytes.toString()
        resolve()
      })
      raw.on("error", () => resolve())
    })
  }

  #readHead(head: string): void {
    const [status = "", ...lines] = head.split("\r\n")
    this.seen.status = Number(status.split(" ")[1])
    for (const line of lines) {
      const colon = line.indexOf(":")
      this.seen.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
    }
    this.seen.opened = this.seen.status === 101
  }

  /** Reads short text frames of a server: two bytes and the text. */
  #readFrames(bytes: Buffer): Buffer {
    let rest = bytes
    while (rest.length >= 2 && rest.length >= 2 + (rest[1] as number)) {
      const end = 2 + (rest[1] as number)
      this.#saw({ kind: "text", data: rest.subarray(2, end).toString() })
      rest = rest.subarray(end)
    }
    return rest
  }

  #sendRaw(text: string): void {
    const payload = Buffer.from(text)
    // A mask of zeros leaves the payload as it is.
    this.#raw?.write(Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]))
  }
}

/** A text frame whose recording has only the beginning, filled up to its length. */
function longText({ head = "", bytes = 0 }: RecordedFrame): string {
  const tail = '"}]'
  return head + "x".repeat(bytes - head.length - tail.length) + tail
}
