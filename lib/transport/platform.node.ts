import { inspect } from "node:util"
import WebSocket, { type ClientOptions } from "ws"
import type { WebSocketClass, WebSocketLike } from "./websocket.js"

/**
 * Its URL and its headers may carry tokens, and its events lead to all of it: neither they nor its errors show that when
 * they are printed.
 */
class QuietWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[], options?: ClientOptions) {
    try {
      super(url, protocols, options)
    } catch (cause) {
      const { message } = cause as Error
      if (!message.includes(url)) throw cause
      throw new SyntaxError(message.replaceAll(url, url.replace(/[?#].*$/s, "").replace(/\/\/[^/]*@/, "//")))
    }
  }

  [inspect.custom](): string {
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

/** Makes the requests of long-poll. What cannot be sent at all, an URL or a header, is quoted by no error. */
export const platformFetch: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init)
  } catch (error) {
    if (/\b(URL|header)/.test(String(error))) throw new TypeError("this URL or this authToken cannot be sent")
    throw error
  }
}
