import WebSocket, { type ClientOptions } from "ws"
import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** As long as a `Socket` waits for the server's close frame. `ws` waits half a minute, and keeps the process alive so long. */
const CLOSE_WAIT_MS = 1500

/** The method that Node calls to print an object. */
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/** Removes the query and the password from the URL that an error of `ws` quotes. */
function withoutUrl(error: Error, url: string): Error {
  if (!error.message.includes(url)) return error
  const bare = url.replace(/[?#].*/s, "").replace(/\/\/[^/]*@/, "//")
  return new SyntaxError(error.message.replaceAll(url, bare))
}

/**
 * The WebSocket of `ws`, without secrets in print: its URL and its headers may carry tokens, and printing one of its events
 * or errors would show them.
 */
class QuietWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[], options?: ClientOptions) {
    try {
      // Its types do not know the option yet.
      super(url, protocols, { closeTimeout: CLOSE_WAIT_MS, ...options } as ClientOptions)
    } catch (cause) {
      throw withoutUrl(cause as Error, url)
    }
  }

  [INSPECT](): string {
    return `WebSocket { readyState: ${this.readyState} }`
  }
}

/** The WebSocket to use when none is given: Node 20 has none of its own, and that of 22 takes no headers. */
export const platformWebSocket = (): WebSocketClass | undefined => QuietWebSocket as unknown as WebSocketClass

/** Whether {@link platformWebSocket} takes headers and an agent. */
export const takesRequestOptions: boolean = true

/** Calls back with the HTTP status of a refused handshake. */
export function watchRefusal(socket: WebSocketLike, refused: (status: number) => void): void {
  if (!(socket instanceof WebSocket)) return
  socket.on("unexpected-response", (_request, response) => {
    refused(response.statusCode ?? 0)
    // `ws` does not end the request if there is a listener for this event.
    socket.terminate()
  })
}

/** Replaces an error that quotes the URL or a header of the request, because either may carry a token. */
const quiet = (error: unknown): unknown =>
  /\b(URL|header)/.test(String(error)) ? new TypeError("this URL, or this authToken, cannot be sent") : error

/** Makes the requests of long-poll. */
export const platformFetch: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init)
  } catch (error) {
    throw quiet(error)
  }
}
