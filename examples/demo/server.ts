import { contract, Endpoint, Refused } from "rookery/server"
import type { Topics } from "./topics.js"

/** A small chat: rooms with presence and messages. */
export function chat(): Endpoint<Topics, { name: string }> {
  let lastId = 0
  const endpoint = new Endpoint({
    topics: contract<Topics>(),
    connect({ params }) {
      const name = String(params["name"] ?? "somebody")
      return { id: `user:${name}`, assigns: { name } }
    },
  })

  endpoint.channel("room:*", {
    join({ topic }) {
      if (topic === "room:secret") throw new Refused({ reason: "unauthorized" })
      return { topic }
    },
    joined(room) {
      room.track(room.assigns.name, { since: new Date().toISOString() })
    },
    receive: {
      new_msg({ text }, room) {
        room.broadcast("new_msg", { from: room.assigns.name, text })
        return { id: ++lastId }
      },
      never_answered: (_payload, room) => room.noReply,
    },
  })
  return endpoint
}
