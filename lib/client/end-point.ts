import type { Link, LinkEvents, Transport } from "../transport/transport.js"
import { appendQuery } from "../protocol/query.js"
import { jsonForClient } from "../serializer/json.js"
import { absoluteUrl, isPromise, provide, type ResolvedOptions } from "./socket-options.js"

/** What one attempt to connect takes along. */
export type Target = [params: object, authToken: string | undefined]

/** Where a socket connects to, and what it says about itself there. */
export class EndPoint {
  readonly #path: string
  readonly #options: ResolvedOptions
  /** The params of the last attempt, if they had to be waited for. */
  #params: object | undefined

  constructor(path: string, options: ResolvedOptions) {
    this.#path = path
    this.#options = options
  }

  /** Asks for what the next attempt takes along. */
  target(): Target | PromiseLike<Target> {
    const { params, authToken } = this.#options
    const target = [provide(params), provide(authToken)] as const
    if (!target.some(isPromise)) return target as Target
    return Promise.all(target).then((target) => {
      this.#params = target[0]
      return target
    })
  }

  /** The URL of the websocket. With async params, those of the last attempt unless others are given. */
  url(params?: object, vsn: string = this.#options.vsn): string {
    // A promise has nothing to spread.
    return absoluteUrl(appendQuery(this.#path, { ...(params ?? this.#params ?? provide(this.#options.params)), vsn }))
  }

  /** Begins an attempt. */
  open(transport: Transport, [params, authToken]: Target, events: LinkEvents): Link {
    const { serializer, vsn, binaryType, longpollerTimeout } = this.#options
    const textUrl = this.url(params, serializer.longPoll ? vsn : jsonForClient.vsn)
    return transport.open(this.url(params), { textUrl, authToken, binaryType, timeout: longpollerTimeout }, events)
  }

  toString(): string {
    return this.#path
  }
}
