import { createServer, type Server as HttpServer } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { Server, type ServerOptions } from "socket.io"
import * as ws from "ws"
import { WebSocketServer, type WebSocket } from "ws"
import { BEFORE } from "../harness/bundle.js"
import type * as ServerLibrary from "../../lib/server.js"
import type { ChannelHandlers, Cluster } from "../../lib/server.js"

/** An interval so long that no ping and no idle timeout falls into a round, though their timers exist. */
const HOUR_MS = 3_600_000

async function listen(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

/** The history of topics that begin with `log:`. */
const HISTORY = { size: 1000, ttl: HOUR_MS }

/** Options for Rookery's server. */
export interface RookeryOptions {
  readonly cluster?: Cluster
  /** The name of the bundle, which is that of the source tree. */
  readonly tree?: string
  /** Whether `ws` owns the handshake and the frames. */
  readonly overWs?: boolean
}

/** Starts Rookery's server, alone or as one node of a cluster. */
export async function rookery({ cluster, tree = "rookery", overWs = false }: RookeryOptions = {}): Promise<number> {
  const library = new URL(`${tree}-server.js`, import.meta.url).href
  const { Endpoint, wsServer } = (await import(library)) as typeof ServerLibrary
  const limits = {
    pushesPerSecond: Infinity,
    framesPerSecond: Infinity,
    joinsPerSecond: Infinity,
    connectsPerSecond: Infinity,
    connectionsPerAddress: Infinity,
    idleMs: HOUR_MS,
  }
  const endpoint = new Endpoint({
    limits,
    ...(cluster !== undefined && { cluster }),
    ...(overWs && { websocketServer: wsServer(WebSocketServer) }),
  })
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

/** Extras of a bare loop. Each shows the value of one of Rookery's ways to send. */
interface BareOptions {
  /** Whether one frame is made for all sockets of a room. */
  readonly prepared?: boolean
  /** Whether a socket's frames of one turn of the event loop are one write. */
  readonly batched?: boolean
}

/** The private members in which `ws` keeps the stream of a socket, and its sender. */
interface Insides {
  readonly _socket: Socket
  readonly _sender: { sendFrame(parts: readonly Uint8Array[]): void }
}

/** `ws` exports this class without its types. */
const { Sender } = ws as unknown as {
  readonly Sender: { frame(data: Buffer, options: object): readonly Uint8Array[] }
}

const insidesOf = (socket: WebSocket): Insides => socket as unknown as Insides

/** A text frame of a server: no mask, and nothing compressed. */
const frameOf = (data: Buffer): readonly Uint8Array[] =>
  Sender.frame(data, { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: false })

function batch(socket: WebSocket): void {
  const { _socket: stream } = insidesOf(socket)
  if (stream.writableCorked > 0) return
  stream.cork()
  setImmediate(() => stream.uncork())
}

/** The least that a server can do with `ws`: it sends each frame on, or back, unchanged. */
async function bare({ prepared = false, batched = false }: BareOptions = {}): Promise<number> {
  const server = createServer()
  const rooms = new Map<string, Set<WebSocket>>()
  const enter = (room: string, socket: WebSocket): void => {
    const sockets = rooms.get(room)
    if (sockets === undefined) rooms.set(room, new Set([socket]))
    else sockets.add(socket)
  }

  new WebSocketServer({ server }).on("connection", (socket, { url = "" }) => {
    if (url === "/echo") {
      socket.on("message", (data: Buffer) => {
        if (batched) batch(socket)
        socket.send(data, { binary: false })
      })
    } else if (url === "/join") {
      // For joins it has to read the frame, to know the room and the answer.
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
        const frame = prepared ? frameOf(data) : undefined
        for (const other of rooms.get(room) ?? []) {
          if (batched) batch(other)
          const { _sender: sender } = insidesOf(other)
          if (frame === undefined) other.send(data)
          else sender.sendFrame(frame)
        }
      })
    }
  })
  return listen(server)
}

/** Starts a server of socket.io, alone or with an adapter. */
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

/** Starts one of the servers, and returns its port. */
export const SERVERS: Readonly<Record<string, () => Promise<number>>> = {
  rookery: () => rookery(),
  [BEFORE]: () => rookery({ tree: BEFORE }),
  "rookery over ws": () => rookery({ overWs: true }),
  ws: () => bare(),
  "ws, prepared frames": () => bare({ prepared: true }),
  "ws, batched writes": () => bare({ batched: true }),
  "ws, both": () => bare({ prepared: true, batched: true }),
  "socket.io": () => socketIo(),
}
