import type { LinkOptions } from "../transport/transport.js"
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
    const known = params ?? this.#params ?? provide(this.#options.params)
    return absoluteUrl(appendQuery(this.#path, { ...(isPromise(known) ? {} : known), vsn }))
  }

  /** What a transport is told beside the URL. */
  linkOptions([params, authToken]: Target): LinkOptions {
    const { serializer, vsn, binaryType, longpollerTimeout } = this.#options
    const textUrl = this.url(params, serializer.longPoll ? vsn : jsonForClient.vsn)
    return { textUrl, authToken, binaryType, timeout: longpollerTimeout }
  }

  toString(): string {
    return this.#path
  }
}
