import WebSocket, { type ClientOptions } from "ws"
import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** As long as a socket waits for the end of its line: half a minute, as `ws` waits, would keep a process that is done. */
const CLOSE_WAIT_MS = 1500

/** By which Node asks an object how it is to be printed. */
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/** `ws` quotes it, with its query and its password. */
function withoutUrl(error: Error, url: string): Error {
  if (!error.message.includes(url)) return error
  const bare = url.replace(/[?#].*/s, "").replace(/\/\/[^/]*@/, "//")
  return new SyntaxError(error.message.replaceAll(url, bare))
}

/**
 * Its URL and its headers may carry tokens, and its events lead to all of it: neither they nor its errors show that when
 * they are printed.
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

/** Asks to be told the HTTP status of a refused handshake, which `ws` knows. */
export function watchRefusal(socket: WebSocketLike, refused: (status: number) => void): void {
  if (!(socket instanceof WebSocket)) return
  socket.on("unexpected-response", (_request, response) => {
    refused(response.statusCode ?? 0)
    // Whoever listens to this event has to end the request himself.
    socket.terminate()
  })
}

/** The error of a request that cannot be sent at all quotes its URL, or its header. */
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
