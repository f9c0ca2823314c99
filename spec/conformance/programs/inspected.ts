import { inspector, type Inspector } from "rookery/inspect"
import { Endpoint } from "rookery/server"

/** An endpoint with rooms and a gateway, and its inspector. */
export function makeInspected(): { endpoint: Endpoint; inspected: Inspector } {
  const endpoint = new Endpoint({ logger: false, connect: ({ params }) => ({ id: String(params["user"]) }) })
  endpoint.channel("room:*", {
    joined: (room) => room.track(String(room.socket.id), {}),
    receive: { shout: (payload, room) => room.broadcast("shout", payload) },
  })
  endpoint.gateway("/ws", { onMessage: (data, client) => client.send(data) })
  const inspected = inspector(endpoint, { allow: ({ headers }) => headers.get("authorization") === "Bearer operator" })
  return { endpoint, inspected }
}
