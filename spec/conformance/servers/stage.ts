import { json, longPoll, Socket, webSocket, type SocketOptions } from "rookery"
import { msgpack } from "rookery/msgpack"
import { WebSocket } from "ws"
import { TcpProxy } from "../../support/tcp-proxy.js"
import type { SerializerName, Way } from "../stage.js"

const SERIALIZERS = { JSON: json, MessagePack: msgpack }

/** Options for a socket that differs from the usual one. */
export interface EnterOptions extends Partial<SocketOptions> {
  /** The path of the endpoint's socket. */
  readonly path?: string
  readonly port?: number
}

/** A server of the suite, for clients with one transport and one serializer. */
export class ServerStage {
  readonly way: Way
  readonly serializer: SerializerName
  /** The network between the clients and the server. */
  readonly line: TcpProxy
  /** The user agent of the server's runtime. */
  readonly agent: string
  readonly #port: number
  readonly #sockets: Socket[] = []
  #topics = 0

  private constructor(port: number, line: TcpProxy, agent: string, way: Way, serializer: SerializerName) {
    this.#port = port
    this.line = line
    this.agent = agent
    this.way = way
    this.serializer = serializer
  }

  static async to(port: number, agent: string, way: Way, serializer: SerializerName): Promise<ServerStage> {
    return new ServerStage(port, await TcpProxy.to(port), agent, way, serializer)
  }

  /** A topic that no other behaviour uses. */
  topic(): string {
    return `room:${++this.#topics}`
  }

  /** The URL for a request without a client. */
  url(path: string, protocol: "http" | "ws" = "http", port: number = this.line.port): string {
    return `${protocol}://127.0.0.1:${port}${path}`
  }

  /** The version that picks the serializer. Long-poll carries JSON, whatever the serializer. */
  get vsn(): string {
    return this.way === "websocket" && this.serializer === "MessagePack" ? msgpack().vsn : json().vsn
  }

  /** Opens a new socket. */
  readonly enter = (user: string, { path = "/socket", port, ...options }: EnterOptions = {}): Socket => {
    const socket = new Socket(this.url(path, "ws", port), {
      transport: this.way === "websocket" ? webSocket({ WebSocket }) : longPoll(),
      serializer: SERIALIZERS[this.serializer](),
      params: { user },
      reconnectAfterMs: () => 20,
      rejoinAfterMs: () => 20,
      ...options,
    })
    this.#sockets.push(socket)
    socket.connect()
    return socket
  }

  /** Opens a socket past the network, so that cuts do not affect it. */
  readonly past = (user: string): Socket => this.enter(user, { port: this.#port })

  /** Ends the clients of one behaviour. */
  clear(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy()
    this.line.mend()
  }
}
