import type { IncomingMessage, ServerResponse } from "node:http"
import type { LiveConnection, Listener } from "./connection.js"
import { polledFrame } from "./recording.js"

/** One session of long-poll. */
class Session implements LiveConnection {
  readonly url: string
  #waiting: ServerResponse | undefined
  #messages: string[] = []
  #isClosed = false
  readonly #token: string

  constructor(url: string, token: string) {
    this.url = url
    this.#token = token
  }

  send(frame: string): void {
    this.#messages.push(frame)
    this.#deliver()
  }

  close(): void {
    this.#isClosed = true
    this.#deliver()
  }

  poll(response: ServerResponse): void {
    this.#waiting = response
    this.#deliver()
  }

  #deliver(): void {
    if (this.#waiting === undefined || (this.#messages.length === 0 && !this.#isClosed)) return
    const status = this.#messages.length > 0 ? 200 : 410
    answer(this.#waiting, { status, token: this.#token, messages: this.#messages.splice(0) })
    this.#waiting = undefined
  }
}

/** Answers the requests of long-poll. */
export class LongPolls {
  readonly #listener: Listener
  readonly #sessions = new Map<string, Session>()

  constructor(listener: Listener) {
    this.#listener = listener
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "", method, headers } = request
    const token = new URL(url, "http://localhost").searchParams.get("token") ?? headers["x-phoenix-longpoll-token"]
    const session = this.#sessions.get(String(token))
    if (method === "POST" && session) {
      const body = Buffer.concat(await request.toArray()).toString()
      for (const line of body.split("\n")) this.#listener.received(session, polledFrame(line))
      return answer(response, { status: 200 })
    }
    if (session) return session.poll(response)
    const name = `session-${this.#sessions.size + 1}`
    const opened = new Session(url, name)
    this.#sessions.set(name, opened)
    answer(response, { status: 410, token: name, messages: [] })
    this.#listener.opened(opened)
  }
}

function answer(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))
}
