import type { AnyTopics, Loose } from "../../protocol/contract.js"
import { FetchEndpoint, type FetchPlatform } from "./fetch-endpoint.js"
import type { EndpointOptions } from "./options.js"
import { BY_FETCH } from "./unfollowed.js"
import { webRuntime } from "./web-runtime.js"

const WEB: FetchPlatform = { name: "this platform", runtime: webRuntime, unfollowed: BY_FETCH }

/**
 * Phoenix channels in a page, a worker, or a framework that has requests and responses of the web: clients of the same
 * process, and long-poll. The web has no websockets for servers.
 *
 * ```ts
 * const endpoint = new Endpoint()
 * endpoint.channel("room:*", { receive: { shout: (payload, room) => room.broadcast("shout", payload) } })
 * export const GET = (request: Request) => endpoint.fetch(request)
 * export const POST = GET
 * ```
 */
export class Endpoint<Topics = AnyTopics, Assigns = Loose> extends FetchEndpoint<Topics, Assigns> {
  constructor(options: EndpointOptions<Topics, Assigns> = {}) {
    super(WEB, options)
  }

  /**
   * Answers a request, and one for a path that is not the endpoint's with 404.
   *
   * @param from where the client is, if that is known: limits by address count by it
   */
  async fetch(request: Request, from: { readonly address?: string | undefined } = {}): Promise<Response> {
    const { signal } = request
    const response = await this.serve(request, {
      address: from.address,
      onGone: (callback) => signal.addEventListener("abort", callback, { once: true }),
    })
    return response as Response
  }
}
