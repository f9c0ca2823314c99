import type { WireFrame } from "./wire-client.js"

interface Answer {
  status: number
  token?: string
  messages?: string[]
}

/** A client like `WireClient`, over long-poll. */
export class PollClient {
  readonly #url: string
  readonly #headers: Record<string, string>
  #frames: WireFrame[] = []
  #refs = 0

  private constructor(url: string, headers: Record<string, string>) {
    this.#url = url
    this.#headers = headers
  }

  /** Connects; rejects with the status if the server refuses. */
  static async connect(
    port: number,
    { query = {}, headers = {} }: { query?: Record<string, string>; headers?: Record<string, string> } = {},
  ): Promise<PollClient> {
    const search = new URLSearchParams({ vsn: "2.0.0", ...query })
    const url = `http://127.0.0.1:${port}/socket/longpoll?${search}`
    const response = await fetch(url, { headers })
    const { status, token } = (await response.json()) as Answer
    if (token === undefined) throw new Error(`HTTP ${status}`)
    return new PollClient(url, { ...headers, "x-phoenix-longpoll-token": token })
  }

  /** The token that names the session in the header `x-phoenix-longpoll-token`. */
  get token(): string {
    return this.#headers["x-phoenix-longpoll-token"] ?? ""
  }

  /** The path and query of its requests. */
  get path(): string {
    const { pathname, search } = new URL(this.#url)
    return pathname + search
  }

  /** Sends a frame, and returns the status of the answer: 410 if the session is gone. */
  async send(...frame: unknown[]): Promise<number> {
    return this.sendAll([frame])
  }

  /** Sends many frames in one request. */
  async sendAll(frames: readonly (readonly unknown[])[]): Promise<number> {
    const headers = { ...this.#headers, "content-type": "application/x-ndjson" }
    const body = frames.map((frame) => JSON.stringify(frame)).join("\n")
    const response = await fetch(this.#url, { method: "POST", headers, body })
    return ((await response.json()) as Answer).status
  }

  /** The next frame; rejects if the session is gone. */
  async next(): Promise<WireFrame> {
    while (this.#frames.length === 0) {
      const { status, messages = [] } = (await (await fetch(this.#url, { headers: this.#headers })).json()) as Answer
      if (status !== 200 && status !== 204) throw new Error(`the session is gone: ${status}`)
      this.#frames = messages.map((message) => JSON.parse(message) as WireFrame)
    }
    return this.#frames.shift() as WireFrame
  }

  /** Joins a topic, with its ref as the join_ref, and returns the reply. */
  async join(topic: string, params: unknown = {}): Promise<WireFrame> {
    const ref = String(++this.#refs)
    await this.send(ref, ref, topic, "phx_join", params)
    return this.next()
  }

  /** Sends a heartbeat, and returns the frames that come before its answer. */
  async fence(): Promise<WireFrame[]> {
    const ref = `fence ${++this.#refs}`
    await this.send(null, ref, "phoenix", "heartbeat", {})
    const before: WireFrame[] = []
    for (;;) {
      const frame = await this.next()
      if (!Buffer.isBuffer(frame) && frame[1] === ref) return before
      before.push(frame)
    }
  }
}
