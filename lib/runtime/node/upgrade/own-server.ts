import { Socket } from "node:net"
import { TokenBucket } from "../../../server/limits/token-bucket.js"
import { acceptDeflate } from "../websocket/deflate.js"
import { handshakeAnswer } from "../websocket/handshake.js"
import { WebSocketLink } from "../websocket/websocket-link.js"
import { WriteBatch } from "../websocket/write-batch.js"
import type { WebSocketServerAdapter } from "./websocket-server.js"

const makeBucket = (perSecond: number, burst: number): TokenBucket => new TokenBucket(perSecond, burst)

/** Rookery's own websockets. They allow limits per frame, turns between clients, and one write per turn. */
export function ownWebSocketServer(): WebSocketServerAdapter {
  const batch = new WriteBatch()
  return {
    name: "rookery",
    upgrade({ request, socket, head, address, subprotocol, headers, compress, echoClose, limits, services, open }) {
      const deflate = compress ? acceptDeflate(request.headers["sec-websocket-extensions"]) : undefined
      // The frames of one turn are one write already, so Nagle's algorithm would only delay them.
      if (socket instanceof Socket) socket.setNoDelay(true)
      socket.write(handshakeAnswer(request.headers, { subprotocol, headers, extensions: deflate?.answer }))
      const { held, turns } = services
      const link = new WebSocketLink({ socket, address, limits, batch, turns, held, deflate, echoClose, makeBucket })
      link.start(open(link), head)
    },
  }
}
