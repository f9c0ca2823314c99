import type { Server } from "node:http"
import { WebSocketServer } from "ws"
import type { LiveConnection, Listener } from "./connection.js"

/** Takes the websockets of a server, or refuses them, as a proxy without websockets does. */
export function takeWebSockets(server: Server, listener: Listener, isOpen: boolean): WebSocketServer {
  const sockets = new WebSocketServer({ server, verifyClient: (_info, answer) => answer(isOpen, 404) })
  sockets.on("connection", (socket, { url = "" }) => {
    const connection: LiveConnection = {
      url,
      send: (frame) => socket.send(frame, () => {}),
      close: (code) => (code === 1006 ? socket.terminate() : socket.close(code)),
    }
    listener.opened(connection)
    socket.on("message", (data: Buffer, isBinary) => listener.received(connection, isBinary ? data : String(data)))
    socket.on("close", (code) => listener.closed(connection, code))
  })
  return sockets
}
