import { AUTH_TOKEN_HEADER } from "../protocol/auth-token.js"
import { toBase64 } from "../protocol/base64.js"
import { NO_STATUS, INTERNAL_ERROR, POLICY_VIOLATION } from "../protocol/close-codes.js"
import { ConnectError } from "../protocol/errors.js"
import { appendQuery } from "../protocol/query.js"
import type { Frame } from "../protocol/frame.js"
import type { Link, LinkEvents, LinkOptions, Transport } from "./transport.js"

/** Options of {@link longPoll}. */
export interface LongPollOptions {
  /**
   * What makes the requests, for other headers, credentials, or a platform without a `fetch`.
   *
   * @default the platform's
   */
  fetch?: typeof fetch
}

/** The server takes no more messages in one request. */
const MAX_BATCH = 100
/** What phoenix.js closes with when its session is gone, so that the socket connects anew. */
const SESSION_GONE = 3410

interface Answer {
  status: number
  token?: string
  messages?: string[]
}

/** `wss://host/socket/websocket?a=1` is polled at `https://host/socket/longpoll?a=1`. */
const pollUrl = (url: string): string => url.replace(/^ws/, "http").replace(/\/websocket(?=$|\?)/, "/longpoll")

/**
 * Frames over plain HTTP: one GET hangs until there is something to tell, and one POST at a time carries what was sent
 * in the meantime.
 */
export function longPoll(options: LongPollOptions = {}): Transport {
  return {
    name: "LongPoll",
    // Looked up at each request, as a page's own fetch may be replaced.
    open: (_url, linkOptions, events) =>
      new LongPollLink(linkOptions, events, options.fetch ?? ((input, init) => fetch(input, init))),
  }
}

class LongPollLink implements Link {
  readonly #url: string
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #fetch: typeof fetch
  readonly #abort = new AbortController()
  #token: string | undefined
  #closed = false
  #queue: string[] = []
  #posting = false
  bufferedAmount = 0

  constructor(options: LinkOptions, events: LinkEvents, givenFetch: typeof fetch) {
    this.#url = pollUrl(options.textUrl)
    this.#options = options
    this.#events = events
    this.#fetch = givenFetch
    this.#later(() => this.#poll())
  }

  send(frame: Frame): void {
    if (this.#closed) return
    const line = typeof frame === "string" ? frame : toBase64(frame)
    this.bufferedAmount += line.length
    this.#queue.push(line)
    if (this.#posting) return
    // What is sent in one go leaves in one request.
    this.#posting = true
    this.#later(() => this.#post())
  }

  close(code: number = NO_STATUS, reason = "", wasClean = true): void {
    if (this.#closed) return
    this.#closed = true
    this.#abort.abort()
    this.bufferedAmount = 0
    this.#events.close({ code, reason, wasClean })
  }

  async #poll(): Promise<void> {
    const { authToken } = this.#options
    const headers = { Accept: "application/json", ...(authToken !== undefined && { [AUTH_TOKEN_HEADER]: authToken }) }
    while (!this.#closed) {
      const answer = await this.#request({ method: "GET", headers })
      if (!answer) return
      const { status, token, messages = [] } = answer
      if (status === 410 && this.#token !== undefined) return this.#fail(410, SESSION_GONE, "session_gone")
      this.#token = token
      if (status === 410) this.#events.open({ textOnly: true, skipHeartbeat: true })
      else if (status === 403) return this.#fail(403, POLICY_VIOLATION, "forbidden")
      else if (status !== 200 && status !== 204) return this.#fail(status)
      // Each message in a task of its own, as over a websocket, so that promises settle between two of them.
      for (const message of messages) this.#later(() => this.#events.frame(message))
    }
  }

  async #post(): Promise<void> {
    while (this.#queue.length > 0) {
      const lines = this.#queue.splice(0, MAX_BATCH)
      const headers = { "Content-Type": "application/x-ndjson" }
      const answer = await this.#request({ method: "POST", headers, body: lines.join("\n") })
      if (!answer) return
      if (answer.status !== 200) return this.#fail(answer.status)
      for (const line of lines) this.bufferedAmount -= line.length
    }
    this.#posting = false
  }

  /** The answer, or `undefined` after the link has ended or failed. */
  async #request(init: RequestInit): Promise<Answer | undefined> {
    const timer = setTimeout(() => this.#fail("timeout", NO_STATUS, "timeout"), this.#options.timeout)
    try {
      const url = this.#token === undefined ? this.#url : appendQuery(this.#url, { token: this.#token })
      const response = await this.#fetch(url, { ...init, signal: this.#abort.signal })
      const body = (await response.json()) as Answer | null
      if (!this.#closed) return typeof body?.status === "number" ? body : { status: response.status }
    } catch (error) {
      this.#fail(error)
    } finally {
      clearTimeout(timer)
    }
    return undefined
  }

  /** In a task of its own, unless the link has ended by then. */
  #later(callback: () => void): void {
    setTimeout(() => this.#closed || callback(), 0)
  }

  #fail(why: unknown, code: number = INTERNAL_ERROR, reason = "internal server error"): void {
    if (this.#closed) return
    this.#events.error(new ConnectError(`long-poll: ${reason}`, typeof why === "number" ? why : undefined, why))
    this.close(code, reason, false)
  }
}
