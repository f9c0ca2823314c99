import { request } from "node:http"
import { PlayedWebSocket } from "./play-websocket.js"
import type { Played, PlayedExchange } from "./played.js"
import type { RecordedExchange, RecordedFrame, Recording } from "./recordings.js"

/** A step of the client in a scenario. */
type Step =
  | { readonly t: number; readonly frame: RecordedFrame; readonly index: number }
  | { readonly t: number; readonly exchange: RecordedExchange }

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))

function stepsOf({ frames, exchanges }: Recording): Step[] {
  const steps: Step[] = frames.flatMap((frame, index) => (frame.dir === "out" ? [{ t: frame.t, frame, index }] : []))
  for (const exchange of exchanges) steps.push({ t: exchange.t, exchange })
  return steps.sort((a, b) => a.t - b.t)
}

/** The body of a request; one that the recording cut short is filled up to its length. */
function bodyOf({ request_body: body, request_bytes: bytes }: RecordedExchange): string | null {
  if (body === null || bytes === undefined) return body
  const head = body.replace(/…$/, "")
  return head + "x".repeat(bytes - head.length - 3) + '"}]'
}

/** Plays scenarios against a server on a port of this machine. */
export class Player {
  readonly #port: number
  readonly #began = performance.now()
  readonly #sockets = new Map<string, PlayedWebSocket>()
  /** The server's tokens, by their names in the recording. */
  readonly #tokens = new Map<string, string>()

  constructor(port: number) {
    this.#port = port
  }

  /** Repeats the client's steps, each as soon as everything has arrived that the client had received before it. */
  async play(recording: Recording, { inTime = false, before = async (_step: number) => {} } = {}): Promise<Played> {
    const { connections, frames } = recording
    for (const connection of connections) {
      const socket = new PlayedWebSocket(this.#began)
      this.#sockets.set(connection.id, socket)
      await socket.open(this.#port, connection)
    }
    const exchanges: Promise<PlayedExchange>[] = []
    const steps = stepsOf(recording)
    for (const [at, step] of steps.entries()) {
      await before(at)
      if (inTime) await wait(step.t - (performance.now() - this.#began))
      if ("frame" in step) {
        await this.#heard(frames.slice(0, step.index))
        this.#socket(step.frame.conn).send(step.frame)
        continue
      }
      await this.#heard(frames.filter((frame) => frame.t < step.t))
      const pending = this.exchange(step.exchange)
      exchanges.push(pending)
      const next = steps[at + 1]
      // The next step began while this request was still without an answer.
      if (next !== undefined && next.t < step.t + step.exchange.took_ms) await wait(Math.min(100, next.t - step.t))
      else await pending
    }
    await this.#heard(frames)
    const answers = await Promise.all(exchanges)
    const played: Played = { connections: new Map(), exchanges: answers }
    for (const [id, { seen }] of this.#sockets) played.connections.set(id, seen)
    return played
  }

  /** A websocket of the scenario, for frames that the recording lacks. */
  socket(id: string): PlayedWebSocket {
    return this.#socket(id)
  }

  end(): void {
    for (const socket of this.#sockets.values()) socket.end()
  }

  #socket(id: string): PlayedWebSocket {
    const socket = this.#sockets.get(id)
    if (socket === undefined) throw new Error(`no connection ${id}`)
    return socket
  }

  async #heard(frames: readonly RecordedFrame[]): Promise<void> {
    for (const [id, socket] of this.#sockets) {
      if (!socket.seen.opened) continue
      await socket.received(frames.filter((frame) => frame.conn === id && frame.dir === "in").length)
    }
  }

  /** Makes one request on a separate connection. */
  exchange(recorded: RecordedExchange): Promise<PlayedExchange> {
    const began = performance.now()
    const path = recorded.path.replace(/SESSION\d+/g, (name) => encodeURIComponent(this.#tokens.get(name) ?? name))
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          port: this.#port,
          host: "127.0.0.1",
          path,
          method: recorded.method,
          headers: recorded.request_headers,
          agent: false,
        },
        (response) => {
          let body = ""
          response.on("data", (chunk: Buffer) => (body += chunk.toString()))
          response.on("end", () => {
            this.#learn(recorded.response_body, body)
            const headers = response.headers as Record<string, string>
            resolve({ status: response.statusCode, headers, body, tookMs: performance.now() - began })
          })
        },
      )
      outgoing.on("error", reject)
      outgoing.end(bodyOf(recorded))
    })
  }

  #learn(recorded: string | undefined, body: string): void {
    const name = /SESSION\d+/.exec(recorded ?? "")?.[0]
    const token = /"token":"([^"]+)"/.exec(body)?.[1]
    if (name !== undefined && token !== undefined && !this.#tokens.has(name)) this.#tokens.set(name, token)
  }

  /** Replaces the tokens in a text by their names in the recording. */
  masked(text: string): string {
    let masked = text
    for (const [name, token] of this.#tokens) masked = masked.replaceAll(token, name)
    return masked
  }
}
