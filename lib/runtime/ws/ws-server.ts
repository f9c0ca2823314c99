import type { IncomingMessage } from "node:http"
import type { SocketLimits } from "../../server/api/socket-limits.js"
import type { WebSocketServerAdapter } from "../node/upgrade/websocket-server.js"
import { WsLink } from "./ws-link.js"
import type { WsServer, WsServerClass } from "./ws-types.js"

/** What the answer to a handshake has to say. */
interface Accepted {
  readonly subprotocol: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Serves websockets by the package `ws`, in the version that you have: it does the handshake and the frames.
 *
 * ```ts
 * import { WebSocketServer } from "ws"
 *
 * const endpoint = new Endpoint({ websocketServer: wsServer(WebSocketServer) })
 * ```
 *
 * The limits that need a look at single frames do not hold: `frameBytes`, `messageMs`, and the bytes of unfinished
 * messages in `heldBytes`. `framesPerSecond` counts messages, pings and pongs, and every close of a client is answered
 * with its own code.
 */
export function wsServer(WebSocketServer: WsServerClass): WebSocketServerAdapter {
  const accepted = new WeakMap<IncomingMessage, Accepted>()
  /** One for each path's limits, without and with permessage-deflate. */
  const servers = new WeakMap<SocketLimits, Map<boolean, WsServer>>()

  const make = ({ messageBytes }: SocketLimits, compress: boolean): WsServer => {
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: messageBytes === Infinity ? 0 : messageBytes,
      perMessageDeflate: compress && { serverNoContextTakeover: true, clientNoContextTakeover: true },
      handleProtocols: (_, request) => accepted.get(request)?.subprotocol ?? false,
    })
    server.on("headers", (lines, request) => {
      for (const [name, value] of Object.entries(accepted.get(request)?.headers ?? {})) lines.push(`${name}: ${value}`)
    })
    return server
  }

  const serverFor = (limits: SocketLimits, compress: boolean): WsServer => {
    const known = servers.get(limits) ?? new Map<boolean, WsServer>()
    servers.set(limits, known)
    const server = known.get(compress) ?? make(limits, compress)
    known.set(compress, server)
    return server
  }

  return {
    name: "ws",
    upgrade({ request, socket, head, address, subprotocol, headers, compress, limits, services, open }) {
      accepted.set(request, { subprotocol, headers })
      serverFor(limits, compress).handleUpgrade(request, socket, head, (ws) => {
        const link = new WsLink({ ws, socket, address, limits, services })
        link.start(open(link))
      })
    },
  }
}
