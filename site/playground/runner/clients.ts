import { json, Socket as RookerySocket, type Channel, type Loose, type Message, type SocketOptions } from "rookery"
import { Cable } from "rookery/panel"
import type { ClientState, WireFrame } from "../reports.js"
import { network } from "./network.js"
import { show } from "./show.js"

type ClientSerializer = NonNullable<SocketOptions["serializer"]>
type Frame = ReturnType<ClientSerializer["client"]["encode"]>

const SOON_MS = 20
const utf8 = new TextEncoder()

interface Told {
  clients(states: readonly ClientState[]): void
  frame(frame: WireFrame): void
}

interface Client {
  readonly id: number
  readonly name: string
  readonly socket: RookerySocket<Loose>
  readonly cable: Cable
}

const clients: Client[] = []
let told: Told | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Says where to tell of the clients. */
export function watchClients(tell: Told): void {
  told = tell
}

const stateOf = ({ id, name, socket, cable }: Client): ClientState => ({
  id,
  name,
  status: socket.status,
  isCut: cable.isCut,
  channels: [...(socket.channels as unknown as ReadonlyMap<string, Channel>).values()].map(({ topic, state }) => ({
    topic,
    state,
  })),
})

/** Tells of all clients, once for what happens at the same time. */
function changed(): void {
  timer ??= setTimeout(() => {
    timer = undefined
    told?.clients(clients.map(stateOf))
  }, SOON_MS)
}

/** The name that a client gives itself by its params, or a number. */
function nameOf(params: unknown, id: number): string {
  const name = typeof params === "object" && params !== null ? (params as { name?: unknown }).name : undefined
  if (typeof name !== "string" || name === "") return `client ${id}`
  return clients.some((client) => client.name === name) ? `${name} (${id})` : name
}

/** A serializer that tells of each message that a client encodes or decodes with it. */
function tapped(
  serializer: ClientSerializer,
  tell: (direction: WireFrame["direction"], message: Message, frame: Frame) => void,
): ClientSerializer {
  const { client } = serializer
  return {
    ...serializer,
    client: {
      ...client,
      encode(message) {
        const frame = client.encode(message)
        tell("sent", message, frame)
        return frame
      },
      decode(frame, ...bounds) {
        const message = client.decode(frame, ...bounds)
        tell("received", message, frame as Frame)
        return message
      },
    },
  }
}

/** The `Socket` of the code: its transport is the network of the code, over a cable of its own that can be cut. */
export class Socket extends RookerySocket<Loose> {
  constructor(endPoint: string, options: SocketOptions = {}) {
    const id = clients.length + 1
    const name = nameOf(options.params, id)
    const cable = new Cable()
    super(endPoint, {
      ...options,
      serializer: tapped(options.serializer ?? json(), (direction, { topic, event, payload, offset }, frame) => {
        changed()
        told?.frame({
          client: name,
          direction,
          topic,
          event,
          payload: show(payload),
          offset: offset === undefined ? "" : String(offset),
          form: typeof frame === "string" ? "text" : "bytes",
          bytes: typeof frame === "string" ? utf8.encode(frame).length : frame.byteLength,
        })
      }),
      transport: cable.over(network),
    })
    clients.push({ id, name, socket: this, cable })
    this.onStatus(changed)
    changed()
  }
}

/** Cuts the cable of a client, or joins it again. */
export function setCable({ socket, cable }: Pick<Client, "socket" | "cable">, isCut: boolean): void {
  if (isCut) cable.cut()
  else {
    cable.mend()
    // At once, instead of at the next attempt.
    if (socket.status !== "disconnected") socket.connect()
  }
  changed()
}

/** The client with this id, or with this socket. */
export const clientOf = (which: number | RookerySocket<Loose>): Client | undefined =>
  clients.find(({ id, socket }) => id === which || socket === which)
