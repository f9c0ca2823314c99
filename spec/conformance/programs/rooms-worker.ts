import type { Endpoint } from "rookery/server"
import { makeEndpoint } from "./rooms.js"

/** The part of a Worker's bindings that the suite uses. */
interface Bindings {
  readonly ROOMS: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

/** One node with all of its sockets. */
export class Rooms {
  readonly #endpoint = makeEndpoint() as Endpoint & { fetch(request: Request): Promise<Response> }

  fetch(request: Request): Promise<Response> {
    return this.#endpoint.fetch(request)
  }
}

/** A Worker that passes each request to the one node. */
export default {
  fetch(request: Request, { ROOMS }: Bindings): Promise<Response> | Response {
    if (new URL(request.url).pathname === "/agent") return new Response(navigator.userAgent)
    return ROOMS.get(ROOMS.idFromName("all")).fetch(request)
  },
}
