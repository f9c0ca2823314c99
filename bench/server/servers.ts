import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Server, type ServerOptions } from "socket.io"
import { WebSocketServer, type WebSocket } from "ws"
import type { ChannelHandlers, Cluster, Endpoint as EndpointClass } from "../../lib/server.js"

/** No ping and no idle time falls into a round; the timers are there all the same. */
const HOUR_MS = 3_600_000

async function listen(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

/** What is kept of the topics that begin with `log:`. */
const HISTORY = { size: 1000, ttl: HOUR_MS }

/** Ours: alone, or one node of a cluster. */
export async function rookery(cluster?: Cluster): Promise<number> {
  const { Endpoint } = (await import(new URL("rookery-server.js", import.meta.url).href)) as {
    Endpoint: typeof EndpointClass
  }
  const limits = {
    pushesPerSecond: Infinity,
    framesPerSecond: Infinity,
    joinsPerSecond: Infinity,
    connectsPerSecond: Infinity,
    connectionsPerAddress: Infinity,
    idleMs: HOUR_MS,
  }
  const endpoint = new Endpoint({ limits, ...(cluster !== undefined && { cluster }) })
  const handlers: ChannelHandlers = {
    receive: {
      new_msg(payload, room) {
        void room.broadcast("new_msg", payload)
        return room.noReply
      },
      echo: (payload) => payload,
    },
  }
  endpoint.channel("room:*", handlers)
  endpoint.channel("log:*", { ...handlers, history: HISTORY })
  const { port } = await endpoint.listen({ host: "127.0.0.1" })
  return port
}

/** As little as one can do with `ws`: a frame is sent on, or back, as it came. */
async function bare(): Promise<number> {
  const server = createServer()
  const rooms = new Map<string, Set<WebSocket>>()
  const enter = (room: string, socket: WebSocket): void => {
    const sockets = rooms.get(room)
    if (sockets === undefined) rooms.set(room, new Set([socket]))
    else sockets.add(socket)
  }

  new WebSocketServer({ server }).on("connection", (socket, { url = "" }) => {
    if (url === "/echo") {
      socket.on("message", (data: Buffer) => socket.send(data, { binary: false }))
    } else if (url === "/join") {
      // Here it has to read what it gets: which room it is, and how to answer.
      socket.on("message", (data: Buffer) => {
        const [joinRef, ref, room, event] = JSON.parse(data.toString()) as string[]
        if (event === "phx_join") enter(room as string, socket)
        else rooms.get(room as string)?.delete(socket)
        socket.send(JSON.stringify([joinRef, ref, room, "phx_reply", { status: "ok", response: {} }]))
      })
    } else {
      const room = url.slice("/room/".length)
      enter(room, socket)
      socket.on("message", (data: Buffer) => {
        for (const other of rooms.get(room) ?? []) other.send(data)
      })
    }
  })
  return listen(server)
}

/** Theirs: alone, or by way of an adapter. */
export async function socketIo(adapter?: ServerOptions["adapter"]): Promise<number> {
  const server = createServer()
  const io = new Server(server, {
    transports: ["websocket"],
    serveClient: false,
    pingInterval: HOUR_MS,
    pingTimeout: HOUR_MS,
    ...(adapter !== undefined && { adapter }),
  })
  io.on("connection", (socket) => {
    socket.on("join", (room: string, done: () => void) => {
      void socket.join(room)
      done()
    })
    socket.on("leave", (room: string, done: () => void) => {
      void socket.leave(room)
      done()
    })
    socket.on("new_msg", (room: string, payload: unknown) => io.to(room).emit("new_msg", payload))
    socket.on("echo", (payload: unknown, done: (payload: unknown) => void) => done(payload))
  })
  return listen(server)
}

/** Starts one of the servers, and gives its port. */
export const SERVERS: Readonly<Record<string, () => Promise<number>>> = {
  rookery: () => rookery(),
  ws: bare,
  "socket.io": () => socketIo(),
}
