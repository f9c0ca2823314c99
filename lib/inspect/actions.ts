import type { AnyGatewayClient, ConnectedSocket } from "rookery/server"
import { GOING_AWAY } from "../protocol/close-codes.js"
import { Fault } from "./answers.js"
import type { Names } from "./names.js"
import type { InspectorSource } from "./source.js"

type Body = Readonly<Record<string, unknown>>

/** Behind a load balancer the next request may reach another node. */
function checkNode(names: Names, key: string, what: string): void {
  if (!key.startsWith(`${names.node}-`)) throw new Fault(409, `this ${what} is on another node; act by its id instead`)
}

/** The socket that a request names by its key. */
function socketOf(endpoint: InspectorSource, names: Names, key: string): ConnectedSocket {
  checkNode(names, key, "socket")
  for (const connected of endpoint.sockets()) if (names.keyOf(connected.socket) === key) return connected
  throw new Fault(404, "this socket is not connected any more")
}

/** The client of a gateway that a request names by its key. */
function gatewayClientOf(endpoint: InspectorSource, names: Names, key: string): AnyGatewayClient {
  checkNode(names, key, "client")
  for (const client of endpoint.gatewayClients()) if (names.keyOf(client) === key) return client
  throw new Fault(404, "this client is not connected any more")
}

/** Waits for an action on every node. */
async function onEveryNode(action: unknown): Promise<void> {
  try {
    await action
  } catch {
    throw new Fault(503, "done on this node; the other nodes cannot be reached")
  }
}

function textIn(body: Body, name: string): string | undefined {
  const value = body[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/** Closes one socket or one gateway's client of this node, or all clients of an id on every node. */
export async function disconnect(endpoint: InspectorSource, names: Names, body: Body): Promise<void> {
  const [socket, client, id] = [textIn(body, "socket"), textIn(body, "client"), textIn(body, "id")]
  if (socket !== undefined) socketOf(endpoint, names, socket).socket.disconnect()
  else if (client !== undefined) gatewayClientOf(endpoint, names, client).close(GOING_AWAY)
  else if (id !== undefined) await onEveryNode(endpoint.disconnect(id))
  else throw new Fault(400, "send a socket, a client of a gateway, or an id")
}

/** Removes one socket of this node, or all sockets of an id on every node, from a topic. */
export async function kick(endpoint: InspectorSource, names: Names, body: Body): Promise<void> {
  const [topic, key, id] = [textIn(body, "topic"), textIn(body, "socket"), textIn(body, "id")]
  if (topic === undefined) throw new Fault(400, "send a topic")
  if (key !== undefined) socketOf(endpoint, names, key).kick(topic)
  else if (id !== undefined) await onEveryNode(endpoint.kick(topic, id))
  else throw new Fault(400, "send a socket, or an id")
}
