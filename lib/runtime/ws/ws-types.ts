import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"

// The parts of `ws` that are used here, so that users without `ws` need neither the package nor its types.

/** A websocket of `ws`. */
export interface WsSocket {
  readonly bufferedAmount: number
  send(data: string | Uint8Array, options: { binary: boolean }): void
  close(code: number, reason: string): void
  terminate(): void
  pause(): void
  resume(): void
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown
  on(event: "ping" | "pong", listener: (data: Buffer) => void): unknown
  on(event: "close", listener: (code: number) => void): unknown
  on(event: "error", listener: (error: Error) => void): unknown
}

/** A `WebSocketServer` of `ws`. */
export interface WsServer {
  on(event: "headers", listener: (headers: string[], request: IncomingMessage) => void): unknown
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, callback: (socket: WsSocket) => void): void
}

/** Options of a `WebSocketServer` of `ws`. */
export interface WsServerOptions {
  noServer: boolean
  clientTracking: boolean
  maxPayload: number
  perMessageDeflate: boolean | { serverNoContextTakeover: boolean; clientNoContextTakeover: boolean }
  handleProtocols(offered: Set<string>, request: IncomingMessage): string | false
}

/** The class `WebSocketServer` of `ws`. */
export type WsServerClass = new (options: WsServerOptions) => WsServer
