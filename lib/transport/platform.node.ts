import WebSocket from "ws"
import type { WebSocketClass, WebSocketLike, WebSocketOptions } from "./websocket.js"

/** The WebSocket to use when none is given: Node 20 has none of its own, and that of 22 takes no headers. */
export const platformWebSocket = (): WebSocketClass | undefined => WebSocket as unknown as WebSocketClass

/** What a WebSocket is given beside URL and subprotocols. */
export function requestOptions({ headers, agent, request }: WebSocketOptions): object | undefined {
  if (!(headers ?? agent ?? request)) return undefined
  return { ...request, ...(headers && { headers }), ...(agent !== undefined && { agent }) }
}

/** Asks to be told the HTTP status of a refused handshake, which `ws` knows. */
export function watchRefusal(socket: WebSocketLike, refused: (status: number) => void): void {
  if (!(socket instanceof WebSocket)) return
  socket.on("unexpected-response", (_request, response) => {
    refused(response.statusCode ?? 0)
    // Whoever listens to this event has to end the request himself.
    socket.terminate()
  })
}
