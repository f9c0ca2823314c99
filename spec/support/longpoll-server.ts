import { vi } from "vitest"
import type { CallLog } from "./call-log.js"
import type { Frame } from "./fake-websocket.js"
import type { ReferenceApp } from "./fake-reference-app.js"

const TOKEN = "session-token"
const ANSWERS_AFTER = 1

interface Answer {
  status: number
  token?: string
  messages?: readonly string[]
}

/** The long-poll half of a server, in front of the reference app. It notes every request. */
export class LongPollServer {
  /** The answers that requests of a method get instead of the right ones. */
  readonly instead: { GET?: Answer | "a network error"; POST?: Answer | "a network error" } = {}
  /** The number of requests that are neither answered nor aborted. */
  underWay = 0
  /** Where the client puts the token of its session. */
  tokenIsIn: "the query" | "a header" | undefined
  readonly #app: ReferenceApp
  readonly #log: CallLog
  #waiting: string[] = []
  #wake: () => void = () => {}

  constructor(app: ReferenceApp, log: CallLog) {
    this.#app = app
    this.#log = log
    // If `CloseEvent` exists, as in Node 24, the official client reports another reason: "" instead of none.
    vi.stubGlobal("CloseEvent", undefined)
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => this.#answer(url, init))
  }

  async #answer(url: string, init: RequestInit): Promise<Response> {
    const method = init.method === "POST" ? "POST" : "GET"
    const { pathname, search, searchParams } = new URL(url)
    const headers = new Headers(init.headers)
    const authToken = headers.get("x-phoenix-authtoken")
    const inHeader = headers.get("x-phoenix-longpoll-token")
    const token = searchParams.get("token") ?? inHeader
    if (token !== null) this.tokenIsIn = inHeader === null ? "the query" : "a header"
    // The log has the token in the query, wherever the client puts it.
    const query = search.replace(/&(token=.*)?$/, "") + (token === null ? "" : `&token=${token}`)
    this.#log.note(`${method} ${pathname}${query}`, ...(authToken === null ? [] : [authToken]))
    const instead = this.instead[method]
    if (instead === "a network error") throw new TypeError("fetch failed")
    const answer = instead ?? (method === "POST" ? this.#post(init) : this.#poll(token))
    this.underWay++
    try {
      return await Promise.race([response(answer), aborted(init.signal)])
    } finally {
      this.underWay--
    }
  }

  #post({ body }: RequestInit): Answer {
    const lines = String(body).split("\n")
    this.#log.note("posts", lines.length)
    for (const line of lines) this.#app.received(this, line.startsWith("[") ? line : bytesOf(line))
    return { status: 200 }
  }

  async #poll(token: string | null): Promise<Answer> {
    if (token !== TOKEN) return { status: 410, token: TOKEN, messages: [] }
    while (this.#waiting.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return { status: 200, token: TOKEN, messages: this.#waiting.splice(0) }
  }

  /** Adds a message of the server for the next poll. */
  deliver(frame: Frame): void {
    this.#waiting.push(String(frame))
    this.#wake()
  }
}

async function response(answer: Answer | Promise<Answer>): Promise<Response> {
  const body = await answer
  await new Promise<void>((resolve) => setTimeout(resolve, ANSWERS_AFTER))
  return new Response(JSON.stringify(body))
}

function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error))
  })
}

const bytesOf = (base64: string): ArrayBuffer => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer
