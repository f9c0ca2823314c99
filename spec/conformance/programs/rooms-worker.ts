import type { Endpoint } from "rookery/server"
import { atOneNode, type Bindings } from "./one-node.js"
import { makeEndpoint } from "./rooms.js"

/** One node with all of its sockets. */
export class Rooms {
  readonly #endpoint = makeEndpoint() as Endpoint & { fetch(request: Request): Promise<Response> }

  fetch(request: Request): Promise<Response> {
    return this.#endpoint.fetch(request)
  }
}

/** A Worker that passes each request to the one node. */
export default {
  fetch(request: Request, bindings: Bindings): Promise<Response> | Response {
    if (new URL(request.url).pathname === "/agent") return new Response(navigator.userAgent)
    return atOneNode(request, bindings)
  },
}
