import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import type { Loose, Transport } from "rookery"
import type { Endpoint, Frame, InProcessConnection } from "rookery/server"

/** The public state of a client in process. */
export interface InProcessOptions {
  /** Headers of the HTTP request that `connect` receives. */
  headers?: Record<string, string>
  /** The client's address, as the server sees it. */
  address?: string
}

/** A simulated HTTP request. */
export function makeRequest(url: string, headers: Record<string, string> = {}): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.method = "GET"
  request.url = url
  for (const [name, value] of Object.entries(headers)) {
    request.headers[name.toLowerCase()] = value
    request.rawHeaders.push(name, value)
  }
  return request
}

// Not queueMicrotask, which some fake timers stop.
const soon = (act: () => void): void => void Promise.resolve().then(act)

/** A copy, as a websocket delivers it, so that neither end shares memory with the other. */
const handOver = (frame: Frame): string | ArrayBuffer =>
  typeof frame === "string" ? frame : new Uint8Array(frame).buffer

/**
 * A transport from the ordinary client to an endpoint in the same process: no port, but real frames. The path of the
 * URL must be one of the endpoint's; its host may be any.
 *
 * ```ts
 * const socket = new Socket("ws://test/socket", { transport: inProcess(endpoint) })
 * ```
 */
export function inProcess(endpoint: Endpoint<Loose, Loose>, options: InProcessOptions = {}): Transport {
  const { headers, address } = options
  return {
    name: "InProcess",
    open(url, { authToken }, events) {
      let connection: InProcessConnection | undefined
      let ended = false
      const end = (code: number, reason: string, wasClean: boolean): void => {
        if (ended) return
        ended = true
        events.close({ code, reason, wasClean })
      }
      const { pathname, search } = new URL(url)
      const connect = async (): Promise<void> => {
        try {
          const opened = await endpoint.connectInProcess({
            path: pathname.replace(/\/websocket$/, ""),
            params: search.slice(1),
            authToken: authToken ?? null,
            request: makeRequest(pathname + search, headers),
            address,
            frame: (frame) => soon(() => !ended && events.frame(handOver(frame))),
            closed: (code) => soon(() => end(code, "", true)),
          })
          if (ended) return opened.close()
          connection = opened
        } catch (error) {
          if (ended) return
          events.error(error)
          return end(1006, "", false)
        }
        // An in-process connection cannot die silently.
        events.open({ skipHeartbeat: true })
      }
      void connect()
      return {
        bufferedAmount: 0,
        send: (frame) => {
          const sent = handOver(frame)
          soon(() => connection?.send(sent))
        },
        close: (code = 1000, reason = "") => {
          soon(() => {
            // The server's own `closed` would not know the reason.
            const open = connection
            connection = undefined
            end(code, reason, true)
            open?.close(code)
          })
        },
      }
    },
  }
}
