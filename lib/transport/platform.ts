import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** The default WebSocket: the platform's. */
export const platformWebSocket = (): WebSocketClass | undefined => globalThis.WebSocket as WebSocketClass | undefined

/** Whether {@link platformWebSocket} accepts headers and an agent. */
export const takesRequestOptions: boolean = false

/** Calls back with the errors of a websocket. A browser hides from the page why a handshake failed. */
export function watchErrors(socket: WebSocketLike, callback: (error: unknown) => void): void {
  socket.onerror = callback
}

/** Warns of a failed attempt. Does nothing in a browser, whose console itself shows the URL and the HTTP status. */
export function warnOfFailure(_error: unknown): void {}

/** Makes the requests for long-poll. */
export const platformFetch: typeof fetch = (input, init) => fetch(input, init)
