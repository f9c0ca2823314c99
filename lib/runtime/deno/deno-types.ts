import type { WebSocketLike } from "../web/event-socket.js"

// As much of Deno as is used, so that its types are not needed by those who do not use it.

/** Deno's facts about a request. */
export interface DenoRequestInfo {
  readonly remoteAddr: { readonly hostname?: string }
  /** Settles once the answer was delivered, or the connection has ended. */
  readonly completed: Promise<void>
}

/** A server of Deno. */
export interface DenoServer {
  readonly addr: { readonly hostname?: string; readonly port?: number }
  readonly finished: Promise<void>
}

/** The global `Deno`. */
export interface DenoGlobal {
  serve(
    options: { port: number; hostname: string; signal: AbortSignal; onListen(): void },
    handler: (request: Request, info: DenoRequestInfo) => Promise<Response>,
  ): DenoServer
  upgradeWebSocket(
    request: Request,
    options: { idleTimeout: number },
  ): { readonly socket: WebSocketLike; readonly response: Response }
}
