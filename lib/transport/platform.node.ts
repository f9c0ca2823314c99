import WebSocket, { type ClientOptions } from "ws"
import { ConnectError } from "../protocol/errors.js"
import { WebSocketInTurns } from "./websocket-in-turns.node.js"
import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/**
 * As long as a `Socket` waits for the server's close frame. `ws` would wait half a minute, and keep the process alive
 * that long.
 */
const CLOSE_WAIT_MS = 1500

/** The method that Node calls to print an object. */
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/** A URL without its query and its password. */
const withoutSecrets = (url: string): string => url.replace(/[?#].*/s, "").replace(/\/\/[^/]*@/, "//")

/** Removes the secrets from the URL that an error of `ws` quotes. */
function withoutUrl(error: Error, url: string): Error {
  if (!error.message.includes(url)) return error
  return new SyntaxError(error.message.replaceAll(url, withoutSecrets(url)))
}

/**
 * The WebSocket of `ws`, which prints no secrets: its URL and headers may contain tokens, and printing one of its
 * events or errors would show them.
 */
class QuietWebSocket extends WebSocketInTurns {
  constructor(url: string, protocols?: string | string[], options?: ClientOptions) {
    try {
      // The types of `ws` do not have the option yet.
      super(url, protocols, { closeTimeout: CLOSE_WAIT_MS, ...options } as ClientOptions)
    } catch (cause) {
      throw withoutUrl(cause as Error, url)
    }
  }

  [INSPECT](): string {
    return `WebSocket { readyState: ${this.readyState} }`
  }
}

/** The default WebSocket: Node 20 has none of its own, and that of Node 22 accepts no headers. */
export const platformWebSocket = (): WebSocketClass | undefined => QuietWebSocket as unknown as WebSocketClass

/** Whether {@link platformWebSocket} accepts headers and an agent. */
export const takesRequestOptions: boolean = true

/** The most likely mistakes, by the HTTP status of the response; `undefined` if there was none. */
const hintFor = (status: number | undefined, url: string): string => {
  if (status === 404 && url.endsWith("/websocket/websocket")) return "; leave out /websocket, which the client adds"
  if (status === 404) return "; no socket is mounted at this path, mostly it is /socket"
  if (status === 401 || status === 403) {
    return "; the server does not accept the params, the authToken, the origin or the version of the serializer"
  }
  return status === undefined ? "; is the server running there?" : ""
}

/** The message of an error; Node's error for several addresses has only a code. */
const reasonOf = (error: unknown): string => {
  const { message, code } = (error ?? {}) as { message?: string; code?: string }
  return message || code || String(error)
}

/**
 * Calls back with the errors of a websocket. The error of a failed handshake has the address, the reason, and what to
 * check.
 */
export function watchErrors(socket: WebSocketLike, callback: (error: unknown) => void): void {
  socket.onerror = callback
  if (!(socket instanceof WebSocket)) return
  let status: number | undefined
  let wasOpen = false
  socket.once("open", () => (wasOpen = true))
  socket.on("unexpected-response", (_request, response) => {
    status = response.statusCode
    // `ws` does not end the request if there is a listener for this event.
    socket.terminate()
  })
  socket.onerror = (event) => {
    if (wasOpen) return callback(event)
    const url = withoutSecrets(socket.url)
    const why = status === undefined ? reasonOf(event.error) : `the server refused the websocket with HTTP ${status}`
    const message = `no connection to ${url}: ${why}${hintFor(status, url)}`
    callback(new ConnectError(message, status, event))
  }
}

/** Enough for the failures of one deployment, and a bound for a process that keeps failing in new ways. */
const MAX_REMEMBERED = 100
const remembered = new Set<string>()

/** Warns of a failed attempt, once for each cause. */
export function warnOfFailure(error: unknown): void {
  const reasons: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const reason = reasonOf(cause)
    // The message of an error may already include that of its cause.
    if (!reasons.some((known) => known.includes(reason))) reasons.push(reason)
  }
  const reason = reasons.join(": ") || reasonOf(error)
  const message = reason.startsWith("no connection") ? reason : `no connection: ${reason}`
  if (remembered.has(message)) return
  if (remembered.size === MAX_REMEMBERED) remembered.clear()
  remembered.add(message)
  console.warn(message)
}

/** Replaces an error that quotes the URL or a header of the request, because either may carry a token. */
const quiet = (error: unknown): unknown =>
  /\b(URL|header)/.test(String(error)) ? new TypeError("this URL, or this authToken, cannot be sent") : error

/** Makes the requests for long-poll. */
export const platformFetch: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init)
  } catch (error) {
    throw quiet(error)
  }
}
