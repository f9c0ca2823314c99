import { json, longPoll, Socket, webSocket } from "rookery"
import { msgpack } from "rookery/msgpack"

/** The URLs of the server of a run. */
export interface Server {
  /** The URL for sockets, over a network that the suite can cut. */
  readonly url: string
  /** The URL for commands to the server. */
  readonly control: string
}

const WAYS = {
  websocket: { path: "/socket", transport: webSocket },
  // This path refuses websockets.
  "long-poll": { path: "/polled", transport: longPoll },
}
const SERIALIZERS = { JSON: json, MessagePack: msgpack }

/** The transport of frames. */
export type Way = keyof typeof WAYS
/** The serializer of a socket. */
export type SerializerName = keyof typeof SERIALIZERS

/** Every way with every serializer. */
export const COMBINATIONS: readonly { way: Way; serializer: SerializerName }[] = (Object.keys(WAYS) as Way[]).flatMap(
  (way) => (Object.keys(SERIALIZERS) as SerializerName[]).map((serializer) => ({ way, serializer })),
)

/** The stage of one behaviour: sockets to one server, with one transport and one serializer. */
export class Stage {
  readonly #server: Server
  readonly #sockets: Socket[] = []
  readonly way: Way
  readonly serializer: SerializerName
  /** A topic that no other behaviour uses. */
  readonly topic: string

  constructor(server: Server, way: Way, serializer: SerializerName, name: string) {
    this.#server = server
    this.way = way
    this.serializer = serializer
    this.topic = `room:${name} ${way} ${serializer}`
  }

  /** Opens a new socket. */
  readonly enter = (user: string): Socket => {
    const { path, transport } = WAYS[this.way]
    const socket = new Socket(this.#server.url + path, {
      transport: transport(),
      serializer: SERIALIZERS[this.serializer](),
      params: { user },
      reconnectAfterMs: () => 20,
      rejoinAfterMs: () => 20,
    })
    this.#sockets.push(socket)
    socket.connect()
    return socket
  }

  /** The network between all clients and the server. */
  readonly line = {
    /** Drops every connection, and refuses new ones. */
    cut: (): Promise<void> => this.tell("cut"),
    mend: (): Promise<void> => this.tell("mend"),
  }

  /** Makes the server broadcast. */
  readonly broadcast = (topic: string, event: string, payload: object): Promise<void> =>
    this.tell("broadcast", { topic, event, payload })

  async tell(what: string, body: object = {}): Promise<void> {
    const { status } = await fetch(`${this.#server.control}/${what}`, { method: "POST", body: JSON.stringify(body) })
    if (status !== 204) throw new Error(`the server answered ${what} with ${status}`)
  }

  async clear(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.destroy()
    await this.line.mend()
  }
}
