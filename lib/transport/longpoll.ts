import { AUTH_TOKEN_HEADER, authTokenHeader, SESSION_TOKEN_HEADER } from "../protocol/auth-token.js"
import { decodeBase64, toBase64 } from "../protocol/base64.js"
import { INTERNAL_ERROR, NO_STATUS, POLICY_VIOLATION, SESSION_GONE } from "../protocol/close-codes.js"
import { ConnectError } from "../protocol/errors.js"
import { appendQuery } from "../protocol/query.js"
import type { IncomingFrame } from "../protocol/frame.js"
import { platformFetch } from "./platform.js"
import type { Link, LinkEvents, LinkOptions, Transport } from "./transport.js"

/** Options of {@link longPoll}. */
export interface LongPollOptions {
  /**
   * Makes the requests: set it for other headers or credentials, or on a platform without `fetch`.
   *
   * @default the platform's
   */
  fetch?: typeof fetch | undefined
}

/** The most messages that Phoenix accepts in one request. */
const MAX_BATCH = 100

/**
 * The most characters of a request with more than one message. Each has at most three bytes of UTF-8, and Rookery's
 * endpoint accepts a mebibyte: a larger request would end the session and lose its messages, again and again if the
 * next session resends them.
 */
const MAX_CHARACTERS = 300_000

interface Answer {
  status: number
  token?: string
  messages?: string[]
}

/**
 * The frame in one message of a poll's response. Text begins with a bracket or a brace. A binary frame is base64,
 * except that Phoenix writes one whose bytes happen to be UTF-8 into the JSON unchanged: such a message begins with the
 * byte for the frame's kind, a control character.
 */
function toFrame(message: string): IncomingFrame {
  if (message >= "[") return message
  return message < " " ? new TextEncoder().encode(message) : decodeBase64(message)
}

/**
 * Frames over plain HTTP: one GET waits at the server until there are messages, and one POST at a time carries the frames
 * that were sent in the meantime.
 */
export function longPoll({ fetch: request = platformFetch }: LongPollOptions = {}): Transport {
  return { name: "LongPoll", open: (_url, options, events) => openLongPoll(request, options, events) }
}

function openLongPoll(request: typeof fetch, { textUrl, authToken, timeout }: LinkOptions, events: LinkEvents): Link {
  // `wss://host/socket/websocket?a=1` is polled at `https://host/socket/longpoll?a=1`.
  const url = textUrl.replace(/^ws/, "http").replace(/\/websocket(?=$|\?)/, "/longpoll")
  // One for each request: a signal that lives as long as the link would collect listeners.
  const requests = new Set<AbortController>()
  let closed = false
  const queue: string[] = []
  let queued = 0
  let token: string | undefined
  /** Whether the server reads the token from the header; if not, it goes into the query. `undefined` until known. */
  let readsHeader: boolean | undefined

  /** Calls back in a task of its own, unless the link is closed by then. */
  const later = (callback: () => void): unknown => setTimeout(() => closed || callback())

  const close = (code: number = NO_STATUS, reason = "", wasClean = true): void => {
    if (closed) return
    closed = true
    for (const each of requests) each.abort()
    queued = 0
    events.close({ code, reason, wasClean })
  }
  const fail = (why: unknown, code: number = INTERNAL_ERROR, reason = "internal server error"): void => {
    // In a later task, because the earlier messages are delivered in tasks of their own.
    later(() => {
      const status = typeof why === "number" ? why : undefined
      events.error(new ConnectError(`long-poll: ${status ? `HTTP ${status}` : why}`, status, why))
      close(code, reason, false)
    })
  }

  /** The response, or `undefined` after the link has ended or failed. */
  const ask = async (init: RequestInit): Promise<Answer | undefined> => {
    if (closed) return undefined
    const inQuery = readsHeader === false
    const abort = new AbortController()
    requests.add(abort)
    const timer = setTimeout(() => {
      abort.abort()
      fail("timeout", NO_STATUS, "timeout")
    }, timeout)
    try {
      const response = await request(inQuery ? appendQuery(url, { token }) : url, {
        ...init,
        headers: { ...init.headers, ...(token && { [SESSION_TOKEN_HEADER]: token }) },
        signal: abort.signal,
      })
      const answer = (await response.json().catch(() => null)) as Answer | null
      if (answer?.status && !closed) {
        // Phoenix before 1.8.10 reads the token only from the query, where logs keep it, and otherwise does not find
        // the session.
        if (token && !inQuery && !readsHeader) {
          readsHeader = answer.status !== 410
          if (!readsHeader) return ask(init)
        }
        return answer
      }
      // A page of a proxy or another server: only its status is useful.
      fail(response.ok ? "not a Phoenix server" : response.status)
    } catch (error) {
      fail(error)
    } finally {
      clearTimeout(timer)
      requests.delete(abort)
    }
    return undefined
  }

  const poll = async (): Promise<void> => {
    const headers = {
      Accept: "application/json",
      ...(authToken && { [AUTH_TOKEN_HEADER]: authTokenHeader(authToken) }),
    }
    for (let answer; (answer = await ask({ headers }));) {
      const { status, messages = [] } = answer
      if (status === 410 && token) return fail(status, SESSION_GONE, "session_gone")
      if (status === 403) return fail(status, POLICY_VIOLATION, "forbidden")
      token = answer.token
      // Without a token, each poll would begin another session, forever.
      if (!token || ![200, 204, 410].includes(status)) return fail(status)
      if (status === 410) events.open({ textOnly: true, skipHeartbeat: true })
      // Each message in a task of its own, as over a websocket, so that promises settle between two of them.
      for (const frame of messages.map(toFrame)) later(() => events.frame(frame))
    }
  }

  const post = async (): Promise<void> => {
    while (queue.length) {
      // A large message is sent alone, after those before it.
      const fits = queue.slice(0, MAX_BATCH).join().length < MAX_CHARACTERS
      const lines = queue.splice(0, fits ? MAX_BATCH : 1)
      const headers = { "Content-Type": "application/x-ndjson" }
      const answer = await ask({ method: "POST", headers, body: lines.join("\n") })
      if (!answer) return
      if (answer.status !== 200) return fail(answer.status)
      for (const line of lines) queued -= line.length
    }
  }

  later(() => poll().catch(fail))
  return {
    send(frame) {
      if (closed) return
      const line = typeof frame === "string" ? frame : toBase64(frame)
      // Frames that are sent in one task go into one request.
      if (!queued) later(post)
      queued += line.length
      queue.push(line)
    },
    close,
    get bufferedAmount() {
      return queued
    },
  }
}
