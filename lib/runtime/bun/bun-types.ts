// As much of Bun as is used, so that its types are not needed by those who do not use it.

/** A websocket of Bun. */
export interface BunWebSocket {
  readonly data: BunWebSocketData
  send(data: string | Uint8Array, compress?: boolean): number
  close(code?: number, reason?: string): void
  terminate(): void
  cork(callback: () => void): void
  getBufferedAmount(): number
}

/** The end of an endpoint that is kept with a websocket of Bun. */
export interface BunWebSocketData {
  opened(socket: BunWebSocket): void
  message(data: string | Uint8Array): void
  /** A ping or a pong of the client. */
  control(bytes: number): void
  closed(code: number): void
}

/** The option `websocket` of `Bun.serve`. */
export interface BunWebSocketHandler {
  readonly open: (socket: BunWebSocket) => void
  readonly message: (socket: BunWebSocket, data: string | Uint8Array) => void
  readonly ping: (socket: BunWebSocket, data: Uint8Array) => void
  readonly pong: (socket: BunWebSocket, data: Uint8Array) => void
  readonly close: (socket: BunWebSocket, code: number) => void
  readonly maxPayloadLength: number
  readonly idleTimeout: number
  readonly backpressureLimit: number
  readonly sendPings: boolean
  readonly perMessageDeflate: boolean
}

/** A server of Bun. */
export interface BunServer {
  readonly port?: number | undefined
  readonly hostname?: string | undefined
  requestIP(request: Request): { readonly address: string } | null
  upgrade(request: Request, options: { headers?: Record<string, string>; data: BunWebSocketData }): boolean
  stop(closeActiveConnections?: boolean): Promise<void>
}

/** The global `Bun`. */
export interface BunGlobal {
  serve(options: {
    port: number
    hostname: string
    idleTimeout: number
    fetch(request: Request, server: BunServer): Promise<Response | undefined>
    websocket: BunWebSocketHandler
  }): BunServer
}
