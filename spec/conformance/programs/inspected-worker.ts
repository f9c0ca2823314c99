import { makeInspected } from "./inspected.js"
import { atOneNode } from "./one-node.js"
import { fetchOf } from "./served.js"

/** One node with its inspector. */
export class Rooms {
  readonly #made = makeInspected()

  fetch(request: Request): Promise<Response> {
    const { endpoint, inspected } = this.#made
    const isInspected = /^\/inspect(\/|$)/.test(new URL(request.url).pathname)
    return isInspected ? inspected.fetch(request) : fetchOf(endpoint)(request)
  }
}

export default { fetch: atOneNode }
