import type { IncomingMessage } from "node:http"
import type { SocketLimits } from "../../server/api/socket-limits.js"
import { MessageLink } from "../messages/message-link.js"
import type { WebSocketServerAdapter } from "../node/upgrade/websocket-server.js"
import { WsConnection } from "./ws-connection.js"
import type { WsServer, WsServerClass } from "./ws-types.js"

/** The slot of a client is freed when TCP ends, by who hands over the upgrade. */
const leave = (): void => {}

/** The contents of the response to a handshake. */
interface Accepted {
  readonly subprotocol: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Serves websockets with the package `ws`, in the version that you have installed. It does the handshake and the
 * frames.
 *
 * ```ts
 * import { WebSocketServer } from "ws"
 *
 * const endpoint = new Endpoint({ websocketServer: wsServer(WebSocketServer) })
 * ```
 *
 * Limits that need access to single frames are not enforced: `frameBytes`, `messageMs`, and the bytes of incomplete
 * messages in `heldBytes`. `framesPerSecond` counts messages, pings and pongs. Every close frame of a client is
 * answered with the client's own code.
 */
export function wsServer(WebSocketServer: WsServerClass): WebSocketServerAdapter {
  const accepted = new WeakMap<IncomingMessage, Accepted>()
  /** The servers of each path, by its limits: one with permessage-deflate and one without. */
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
        const connection = new WsConnection(ws, socket, services.runtime)
        connection.attach(new MessageLink(connection, address, { limits, open, leave }, services))
      })
    },
  }
}
