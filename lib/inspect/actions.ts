import type { ConnectedSocket } from "rookery/server"
import { Fault } from "./answers.js"
import type { Names } from "./names.js"
import type { InspectorSource } from "./source.js"

type Body = Readonly<Record<string, unknown>>

/** The socket that a request names by its key. */
function socketOf(endpoint: InspectorSource, names: Names, key: string): ConnectedSocket {
  // Behind a load balancer the next request may reach another node.
  if (!key.startsWith(`${names.node}-`)) throw new Fault(409, "this socket is on another node; act by its id instead")
  for (const connected of endpoint.sockets()) if (names.keyOf(connected.socket) === key) return connected
  throw new Fault(404, "this socket is not connected any more")
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

/** Closes one socket of this node, or all sockets of an id on every node. */
export async function disconnect(endpoint: InspectorSource, names: Names, body: Body): Promise<void> {
  const [key, id] = [textIn(body, "socket"), textIn(body, "id")]
  if (key !== undefined) socketOf(endpoint, names, key).socket.disconnect()
  else if (id !== undefined) await onEveryNode(endpoint.disconnect(id))
  else throw new Fault(400, "send a socket, or an id")
}

/** Removes one socket of this node, or all sockets of an id on every node, from a topic. */
export async function kick(endpoint: InspectorSource, names: Names, body: Body): Promise<void> {
  const [topic, key, id] = [textIn(body, "topic"), textIn(body, "socket"), textIn(body, "id")]
  if (topic === undefined) throw new Fault(400, "send a topic")
  if (key !== undefined) socketOf(endpoint, names, key).kick(topic)
  else if (id !== undefined) await onEveryNode(endpoint.kick(topic, id))
  else throw new Fault(400, "send a socket, or an id")
}
