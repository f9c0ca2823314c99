import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** The class of the package `ws`, as far as {@link textAsBytes} looks into it. */
export type EmittingWebSocketClass = new (
  url: string,
  protocols?: string | string[],
  options?: object,
) => WebSocketLike & { emit(event: string | symbol, ...details: unknown[]): boolean }

/**
 * The class `WebSocket` of `ws` with text frames as bytes, unchecked, for servers that label MessagePack as text:
 * `webSocket({ WebSocket: textAsBytes(WebSocket) })`. Other classes of websockets end the connection at such a frame,
 * because MessagePack is no UTF-8.
 */
export function textAsBytes(WebSocket: EmittingWebSocketClass): WebSocketClass {
  return class extends WebSocket {
    constructor(url: string, protocols?: string | string[], options?: object) {
      super(url, protocols, { ...options, skipUTF8Validation: true })
    }

    override emit(event: string | symbol, ...details: unknown[]): boolean {
      // `ws` tells of a message with its bytes, and whether they were labelled as bytes.
      return event === "message" ? super.emit(event, details[0], true) : super.emit(event, ...details)
    }
  }
}
