import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** The part of the class of the package `ws` that {@link textAsBytes} uses. */
export type EmittingWebSocketClass = new (
  url: string,
  protocols?: string | string[],
  options?: object,
) => WebSocketLike & { emit(event: string | symbol, ...details: unknown[]): boolean }

/**
 * The class `WebSocket` of `ws` with text frames delivered as unchecked bytes, for servers that send MessagePack in
 * text frames: `webSocket({ WebSocket: textAsBytes(WebSocket) })`. Other websocket classes end the connection at such a
 * frame, because MessagePack is not UTF-8.
 */
export function textAsBytes(WebSocket: EmittingWebSocketClass): WebSocketClass {
  return class extends WebSocket {
    constructor(url: string, protocols?: string | string[], options?: object) {
      super(url, protocols, { ...options, skipUTF8Validation: true })
    }

    override emit(event: string | symbol, ...details: unknown[]): boolean {
      // `ws` emits a message with its bytes, and says whether they came in a binary frame.
      return event === "message" ? super.emit(event, details[0], true) : super.emit(event, ...details)
    }
  }
}
