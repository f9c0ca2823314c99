import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** The WebSocket to use when none is given: the platform's. */
export const platformWebSocket = (): WebSocketClass | undefined => globalThis.WebSocket as WebSocketClass | undefined

/** Whether {@link platformWebSocket} takes headers and an agent. */
export const takesRequestOptions: boolean = false

/** Calls back with the HTTP status of a refused handshake. Does nothing in a browser, which hides the status. */
export function watchRefusal(_socket: WebSocketLike, _refused: (status: number) => void): void {}

/** Makes the requests of long-poll. */
export const platformFetch: typeof fetch = (input, init) => fetch(input, init)
