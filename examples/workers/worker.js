import { DurableObject } from "cloudflare:workers"
import { Endpoint } from "rookery/server"

/** One node with all of its sockets. */
export class Rooms extends DurableObject {
  // The pages that may connect: the one that is deployed, and the one that you develop on.
  endpoint = new Endpoint({ origins: ["https://example.com", "//localhost:5173"] }).channel("room:*", {
    history: { size: 100, ttl: 60_000 },
    receive: { shout: (payload, room) => room.broadcast("shout", payload) },
  })

  fetch(request) {
    return this.endpoint.fetch(request)
  }
}

export default {
  fetch: (request, env) => env.ROOMS.getByName("all").fetch(request),
}
