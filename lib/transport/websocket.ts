import { authTokenSubprotocols } from "../protocol/auth-token.js"
import { RookeryError } from "../protocol/errors.js"
import type { IncomingFrame } from "../protocol/frame.js"
import { platformWebSocket, takesRequestOptions, watchErrors } from "./platform.js"
import { closeInfo, type CloseInfo, type Transport } from "./transport.js"
import type { UnsharedView, WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** Options of {@link webSocket}. */
export interface WebSocketOptions {
  /**
   * The class to use.
   *
   * @default the platform's; in Node the one of `ws`
   */
  WebSocket?: WebSocketClass | undefined
  /** Headers of the handshake, for classes that accept them, as in Node. */
  headers?: Record<string, string> | undefined
  /** The agent that makes the connection (for a proxy or a client certificate). Only in Node. */
  agent?: unknown
  /** More options for the class, as for `ws`: `ca`, `rejectUnauthorized`, `maxPayload`. Only in Node. */
  request?: object | undefined
}

interface PhoenixTransportExtras {
  /** phoenix.js passes the time limit of a request to its transports in this way. */
  timeout?: number
  skipHeartbeat?: boolean
}

/** Frames over a websocket. */
export function webSocket({ WebSocket: Given, headers, agent, request }: WebSocketOptions = {}): Transport {
  const extra = (headers ?? agent ?? request) && { headers, agent, ...request }
  if (extra && !Given && !takesRequestOptions) {
    throw new RookeryError("bad_option", "no headers here; use params")
  }
  return overWebSocket(Given, extra)
}

/** The same without the check of the options, so that the bundle of a `Socket` without options does not include it. */
export function overWebSocket(Given?: WebSocketClass, extra?: object): Transport {
  return {
    name: "WebSocket",
    open(url, { authToken, binaryType, timeout }, events) {
      const Class = Given ?? platformWebSocket()
      if (!Class) throw new RookeryError("bad_option", "no WebSocket here; use longPoll()")
      const protocols = authToken ? authTokenSubprotocols(authToken) : undefined
      const socket: WebSocketLike & PhoenixTransportExtras = new Class(url, protocols, extra)
      socket.binaryType = binaryType
      socket.timeout = timeout
      socket.onopen = () => events.open({ skipHeartbeat: !!socket.skipHeartbeat })
      socket.onmessage = ({ data }: { data: IncomingFrame }) => events.frame(data)
      watchErrors(socket, (error) => events.error(error))
      socket.onclose = (event: CloseInfo) => events.close(event ?? closeInfo())
      return {
        send: (frame) => socket.send(frame as string | UnsharedView),
        close(code, reason = "") {
          // A code is only passed on when there is one: browsers refuse to close with `undefined`.
          if (!code) return socket.close()
          try {
            socket.close(code, reason)
          } catch (error) {
            // The socket already counts as closed, so its connection must not stay open after the error.
            socket.close()
            throw new RookeryError("bad_option", `code ${code}: use 1000 or 3000-4999; ${error}`, error)
          }
        },
        get bufferedAmount() {
          return socket.bufferedAmount ?? 0
        },
      }
    },
  }
}
