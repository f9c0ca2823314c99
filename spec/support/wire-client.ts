import { once } from "node:events"
import { WebSocket, type ClientOptions, type RawData } from "ws"
import { PATIENCE } from "./patience.js"

/** A frame of the server in V2; a binary frame stays undecoded. */
export type WireFrame = [join_ref: unknown, ref: unknown, topic: unknown, event: unknown, payload: unknown] | Buffer

/** The path, query and headers of a connection. */
export interface WireOptions {
  path?: string
  query?: Record<string, string>
  protocols?: string[]
  client?: ClientOptions
}

/** A client that sends any frame and returns received frames one by one. */
export class WireClient {
  readonly socket: WebSocket
  readonly #frames: WireFrame[] = []
  #wake: (() => void) | undefined
  #closed: { code: number } | undefined
  #refs = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on("message", (data: RawData, binary) => {
      this.#frames.push(binary ? (data as Buffer) : (JSON.parse(String(data)) as WireFrame))
      this.#wake?.()
    })
    socket.on("close", (code) => {
      this.#closed = { code }
      this.#wake?.()
    })
    socket.on("error", () => {})
  }

  /** Connects; rejects with the HTTP status if the server refuses. */
  static async connect(port: number, options: WireOptions = {}): Promise<WireClient> {
    const { path = "/socket", query = {}, protocols = [], client = {} } = options
    const search = new URLSearchParams({ vsn: "2.0.0", ...query })
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}/websocket?${search}`, protocols, {
      perMessageDeflate: false,
      ...client,
    })
    const wire = new WireClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve)
      socket.once("error", reject)
      socket.once("unexpected-response", (request, response) => {
        reject(new Error(`HTTP ${response.statusCode}`))
        response.resume()
        request.destroy()
      })
    })
    return wire
  }

  send(...frame: unknown[]): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** The next frame. */
  async next(): Promise<WireFrame> {
    await this.#until(() => this.#frames.length > 0)
    return this.#frames.shift() as WireFrame
  }

  /** The next `count` frames. */
  async take(count: number): Promise<WireFrame[]> {
    const taken: WireFrame[] = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }

  /** The received frames that the spec has not taken. */
  get unread(): readonly WireFrame[] {
    return this.#frames
  }

  /** Joins a topic, with its ref as the join_ref, and returns the reply. */
  async join(topic: string, params: unknown = {}): Promise<WireFrame> {
    const ref = String(++this.#refs)
    this.send(ref, ref, topic, "phx_join", params)
    return this.next()
  }

  /** Sends a heartbeat, and returns the frames before its answer. The server has handled all earlier frames by then. */
  async fence(): Promise<WireFrame[]> {
    const ref = `fence ${++this.#refs}`
    this.send(null, ref, "phoenix", "heartbeat", {})
    const before: WireFrame[] = []
    for (;;) {
      const frame = await this.next()
      if (!Buffer.isBuffer(frame) && frame[1] === ref) return before
      before.push(frame)
    }
  }

  /** The code of the close. */
  async closed(): Promise<number> {
    await this.#until(() => this.#closed !== undefined)
    return this.#closed?.code ?? 0
  }

  async close(): Promise<void> {
    if (this.#closed !== undefined) return
    this.socket.close()
    await once(this.socket, "close")
  }

  async #until(holds: () => boolean): Promise<void> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#wake?.()
    }, PATIENCE.timeout)
    while (!holds()) {
      if (late || (this.#closed !== undefined && this.#frames.length === 0)) {
        clearTimeout(timer)
        throw new Error(late ? "nothing came in time" : `closed with ${this.#closed?.code}`)
      }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    clearTimeout(timer)
  }
}

/** The payload of an answer. */
export const answer = (frame: WireFrame): unknown => (Buffer.isBuffer(frame) ? frame : frame[4])
