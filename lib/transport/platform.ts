import { RookeryError } from "../protocol/errors.js"
import type { WebSocketClass, WebSocketLike, WebSocketOptions } from "./websocket.js"

/** The WebSocket to use when none is given: the platform's. */
export const platformWebSocket = (): WebSocketClass | undefined => globalThis.WebSocket as WebSocketClass | undefined

/** What a WebSocket of the platform is given beside URL and subprotocols: a browser's takes nothing. */
export function requestOptions({ headers, agent, request }: WebSocketOptions): object | undefined {
  if (headers ?? agent ?? request) {
    throw new RookeryError("bad_option", "this WebSocket takes no headers or agent; use params or authToken")
  }
  return undefined
}

/** Asks to be told the HTTP status of a refused handshake. A browser tells nobody. */
export function watchRefusal(_socket: WebSocketLike, _refused: (status: number) => void): void {}
