import type { Endpoint } from "rookery/server"
import { makeEndpoint } from "./rooms.js"

/** As much of a Worker's bindings as is used. */
interface Bindings {
  readonly ROOMS: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

/** One node with all its sockets. */
export class Rooms {
  readonly #endpoint = makeEndpoint() as Endpoint & { fetch(request: Request): Promise<Response> }

  fetch(request: Request): Promise<Response> {
    return this.#endpoint.fetch(request)
  }
}

/** A Worker that hands each request to the one node. */
export default {
  fetch(request: Request, { ROOMS }: Bindings): Promise<Response> | Response {
    if (new URL(request.url).pathname === "/agent") return new Response(navigator.userAgent)
    return ROOMS.get(ROOMS.idFromName("all")).fetch(request)
  },
}
