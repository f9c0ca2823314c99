import { AUTH_TOKEN_PREFIX, authTokenOf } from "../protocol/auth-token.js"
import { decodeBase64 } from "../protocol/base64.js"
import { toUint8Array } from "../protocol/bytes.js"
import type { BinaryType } from "../protocol/frame.js"
import { closeInfo, type Link, type Transport } from "./transport.js"
import type { WebSocketClass, WebSocketLike } from "./websocket-like.js"

/** A class in the shape of `WebSocket` over a transport, and the transport itself. */
export type TransportClass = WebSocketClass & { readonly transport: Transport }

function readAuthToken(protocols: string | string[] | undefined): string | undefined {
  const offered = typeof protocols === "string" ? [protocols] : (protocols ?? [])
  const token = offered.find((protocol) => protocol.startsWith(AUTH_TOKEN_PREFIX))
  return token && authTokenOf(decodeBase64(token.slice(AUTH_TOKEN_PREFIX.length).replace(/-/g, "+").replace(/_/g, "/")))
}

/** Wraps a transport in the shape of a `WebSocket` class, for clients that expect that shape. */
export function webSocketClass(transport: Transport): TransportClass {
  const Class = class implements WebSocketLike {
    // A getter, because a static field would be compiled to a static block, which React Native does not support.
    static get transport(): Transport {
      return transport
    }

    binaryType = "arraybuffer"
    timeout = 20_000
    readyState = 0
    skipHeartbeat = false
    onopen: ((event: never) => void) | null = null
    onmessage: ((event: never) => void) | null = null
    onerror: ((event: never) => void) | null = null
    onclose: ((event: never) => void) | null = null
    #link: Link | undefined

    constructor(url: string, protocols?: string | string[]) {
      // The caller sets its handlers and options after this returns, and may close the link before that.
      queueMicrotask(() => {
        if (this.readyState > 0) return
        try {
          this.#open(url, readAuthToken(protocols))
        } catch (error) {
          this.onerror?.(error as never)
          this.#onEnd(closeInfo())
        }
      })
    }

    get bufferedAmount(): number {
      return this.#link?.bufferedAmount ?? 0
    }

    send(frame: string | ArrayBufferView | ArrayBuffer): void {
      this.#link?.send(typeof frame === "string" ? frame : toUint8Array(frame))
    }

    close(code?: number, reason?: string): void {
      if (this.readyState > 1) return
      this.readyState = 2
      if (this.#link) this.#link.close(code, reason)
      else this.#onEnd({ ...closeInfo(code ?? 1005, reason), wasClean: true })
    }

    #open(url: string, authToken: string | undefined): void {
      const { timeout } = this
      const binaryType = this.binaryType as BinaryType
      this.#link = transport.open(
        url,
        { textUrl: url, authToken, binaryType, timeout, neverPings: true },
        {
          open: ({ skipHeartbeat = false } = {}) => {
            if (this.readyState > 0) return
            this.readyState = 1
            this.skipHeartbeat = skipHeartbeat
            this.onopen?.({} as never)
          },
          frame: (data) => this.onmessage?.({ data } as never),
          error: (error) => this.onerror?.(error as never),
          close: (info) => this.#onEnd(info),
        },
      )
    }

    #onEnd(info: object): void {
      this.readyState = 3
      this.onclose?.(info as never)
    }
  }
  // phoenix.js uses the name in its log, and in the key under which a page remembers its fallback.
  return Object.defineProperty(Class, "name", { value: transport.name })
}
