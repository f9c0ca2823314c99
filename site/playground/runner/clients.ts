import { Socket as RookerySocket, type Loose, type SocketOptions } from "rookery"
import { Cable, inspectSocket, type SocketInspection } from "rookery/panel"
import type { ClientState, WireFrame } from "../reports.js"
import { network } from "./network.js"
import { show } from "./show.js"

const SOON_MS = 20

interface Told {
  clients(states: readonly ClientState[]): void
  frame(frame: WireFrame): void
}

interface Client {
  readonly id: number
  readonly name: string
  readonly socket: RookerySocket<Loose>
  readonly cable: Cable
  readonly inspection: SocketInspection
}

const clients: Client[] = []
let told: Told | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Says where to tell of the clients. */
export function watchClients(tell: Told): void {
  told = tell
}

const stateOf = ({ id, name, socket, cable, inspection }: Client): ClientState => ({
  id,
  name,
  status: socket.status,
  isCut: cable.isCut,
  channels: inspection.channels(),
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

/** The `Socket` of the code: its transport is the network of the code, over a cable of its own that can be cut. */
export class Socket extends RookerySocket<Loose> {
  constructor(endPoint: string, options: SocketOptions = {}) {
    const id = clients.length + 1
    const name = nameOf(options.params, id)
    const cable = new Cable()
    super(endPoint, { ...options, transport: cable.over(network) })
    const inspection = inspectSocket(this)
    inspection.listen((report) => {
      changed()
      if (report.kind !== "message") return
      const { direction, topic, event, payload, offset, form, bytes } = report
      const shown = { payload: show(payload), offset: offset === null ? "" : String(offset) }
      told?.frame({ client: name, direction, topic, event, form, bytes, ...shown })
    })
    clients.push({ id, name, socket: this, cable, inspection })
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
