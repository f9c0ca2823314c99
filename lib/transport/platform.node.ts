import WebSocket, { type ClientOptions } from "ws"
import type { WebSocketClass, WebSocketLike } from "./websocket.js"

/** As long as a socket waits for the end of its line: half a minute, as `ws` waits, would keep a process that is done. */
const CLOSE_WAIT_MS = 1500

class NodeWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[], options?: object) {
    // Its types do not know the option yet.
    super(url, protocols, { closeTimeout: CLOSE_WAIT_MS, ...options } as ClientOptions)
  }
}

/** The WebSocket to use when none is given: Node 20 has none of its own, and that of 22 takes no headers. */
export const platformWebSocket = (): WebSocketClass | undefined => NodeWebSocket as unknown as WebSocketClass

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
