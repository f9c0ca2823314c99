import { json, longPoll, Socket, webSocket } from "rookery"
import { msgpack } from "rookery/msgpack"

/** Where the server of a run is. */
export interface Server {
  /** Where sockets connect to: there is something between that can be cut. */
  readonly url: string
  /** Where the server is told what to do. */
  readonly control: string
}

const WAYS = {
  websocket: { path: "/socket", transport: webSocket },
  // Its websockets are refused, and its polls are short.
  "long-poll": { path: "/polled", transport: longPoll },
}
const SERIALIZERS = { JSON: json, MessagePack: msgpack }

/** How frames travel. */
export type Way = keyof typeof WAYS
/** What a socket is told to speak. */
export type SerializerName = keyof typeof SERIALIZERS

/** Every way with every serializer. */
export const COMBINATIONS: readonly { way: Way; serializer: SerializerName }[] = (Object.keys(WAYS) as Way[]).flatMap(
  (way) => (Object.keys(SERIALIZERS) as SerializerName[]).map((serializer) => ({ way, serializer })),
)

/** What one behaviour is shown on: sockets to one server, by one way and with one serializer. */
export class Stage {
  readonly #server: Server
  readonly #sockets: Socket[] = []
  readonly way: Way
  readonly serializer: SerializerName
  /** One that no other behaviour has. */
  readonly topic: string

  constructor(server: Server, way: Way, serializer: SerializerName, name: string) {
    this.#server = server
    this.way = way
    this.serializer = serializer
    this.topic = `room:${name} ${way} ${serializer}`
  }

  /** A socket of its own. */
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

  /** What lies between every client and the server. */
  readonly line = {
    /** Ends every line without a word, and refuses new ones. */
    cut: (): Promise<void> => this.tell("cut"),
    mend: (): Promise<void> => this.tell("mend"),
  }

  /** Has the server broadcast. */
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
