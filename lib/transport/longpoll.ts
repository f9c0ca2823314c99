import { AUTH_TOKEN_HEADER } from "../protocol/auth-token.js"
import { toBase64 } from "../protocol/base64.js"
import { NO_STATUS, INTERNAL_ERROR, POLICY_VIOLATION } from "../protocol/close-codes.js"
import { ConnectError } from "../protocol/errors.js"
import { appendQuery } from "../protocol/query.js"
import type { Frame } from "../protocol/frame.js"
import type { CloseInfo, Link, LinkEvents, LinkOptions, Transport } from "./transport.js"

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
    open: (_url, linkOptions, events) => new LongPollLink(linkOptions, events, options.fetch),
  }
}

class LongPollLink implements Link {
  readonly textOnly = true
  /** Every poll is a sign of life. */
  readonly skipHeartbeat = true
  readonly #url: string
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #fetch: typeof fetch
  readonly #requests = new Set<AbortController>()
  readonly #timers = new Set<unknown>()
  #token: string | undefined
  #closed = false
  #queue: string[] = []
  #queued = 0
  #posting = false

  constructor(options: LinkOptions, events: LinkEvents, givenFetch?: typeof fetch) {
    this.#url = pollUrl(options.textUrl)
    this.#options = options
    this.#events = events
    this.#fetch = givenFetch ?? ((input, init) => fetch(input, init))
    this.#later(() => void this.#poll())
  }

  get bufferedAmount(): number {
    return this.#queued
  }

  send(frame: Frame): void {
    if (this.#closed) return
    const line = typeof frame === "string" ? frame : toBase64(frame)
    this.#queued += line.length
    this.#queue.push(line)
    if (this.#posting) return
    // What is sent in one go leaves in one request.
    this.#posting = true
    this.#later(() => void this.#post())
  }

  close(code: number = NO_STATUS, reason = ""): void {
    this.#end({ code, reason, wasClean: true })
  }

  async #poll(): Promise<void> {
    const { authToken } = this.#options
    const headers: Record<string, string> = { Accept: "application/json" }
    if (authToken !== undefined) headers[AUTH_TOKEN_HEADER] = authToken
    while (!this.#closed) {
      const answer = await this.#request({ method: "GET", headers })
      if (answer === undefined || this.#closed) return
      const gone = answer.status === 410 && this.#token !== undefined
      if (gone) return this.#fail(410, SESSION_GONE, "session_gone")
      this.#token = answer.token
      switch (answer.status) {
        case 410:
          this.#events.open()
          break
        case 200:
          this.#deliver(answer.messages ?? [])
          break
        case 204:
          break
        case 403:
          return this.#fail(403, POLICY_VIOLATION, "forbidden")
        default:
          return this.#fail(answer.status, INTERNAL_ERROR, "internal server error")
      }
    }
  }

  /** Each message in a task of its own, as over a websocket, so that promises settle between two of them. */
  #deliver(messages: string[]): void {
    for (const message of messages) this.#later(() => this.#events.frame(message))
  }

  async #post(): Promise<void> {
    while (this.#queue.length > 0 && !this.#closed) {
      const lines = this.#queue.splice(0, MAX_BATCH)
      const answer = await this.#request({
        method: "POST",
        headers: { "Content-Type": "application/x-ndjson" },
        body: lines.join("\n"),
      })
      if (answer === undefined || this.#closed) return
      if (answer.status !== 200) return this.#fail(answer.status, INTERNAL_ERROR, "internal server error")
      for (const line of lines) this.#queued -= line.length
    }
    this.#posting = false
  }

  /** The answer, or `undefined` after the link has ended or failed. */
  async #request(init: RequestInit): Promise<Answer | undefined> {
    const controller = new AbortController()
    let late = false
    const timer = setTimeout(() => {
      late = true
      controller.abort()
    }, this.#options.timeout)
    this.#requests.add(controller)
    try {
      const url = this.#token === undefined ? this.#url : appendQuery(this.#url, { token: this.#token })
      const response = await this.#fetch(url, { ...init, signal: controller.signal })
      const body = (await response.json()) as Answer | null
      return typeof body?.status === "number" ? body : { status: response.status }
    } catch (error) {
      if (late) this.#fail("timeout", NO_STATUS, "timeout")
      else this.#fail(error, INTERNAL_ERROR, "internal server error")
      return undefined
    } finally {
      clearTimeout(timer)
      this.#requests.delete(controller)
    }
  }

  #later(callback: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (!this.#closed) callback()
    }, 0)
    this.#timers.add(timer)
  }

  #fail(why: unknown, code: number, reason: string): void {
    if (this.#closed) return
    const status = typeof why === "number" ? why : undefined
    this.#events.error(new ConnectError(`long-poll: ${reason}`, status, why))
    this.#end({ code, reason, wasClean: false })
  }

  #end(info: CloseInfo): void {
    if (this.#closed) return
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer as ReturnType<typeof setTimeout>)
    for (const request of this.#requests) request.abort()
    this.#queue = []
    this.#queued = 0
    this.#events.close(info)
  }
}
