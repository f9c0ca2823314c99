import { RookeryError } from "../protocol/errors.js"
import { appendQuery } from "../protocol/query.js"
import { jsonForClient } from "../serializer/json.js"
import type { Link, LinkEvents, Transport } from "../transport/transport.js"
import { isPromise, provide } from "./provider.js"
import type { ResolvedOptions } from "./resolve-options.js"

/** The params and the auth token of one attempt to connect. */
export type Credentials = [params: object, authToken: string | undefined]

/** The address and the credentials with which a socket connects. */
export class EndPoint {
  readonly #path: string
  readonly #options: ResolvedOptions
  /** The params of the last attempt, if they were a promise. */
  #lastParams: object | undefined

  constructor(path: string, options: ResolvedOptions) {
    this.#path = path
    this.#options = options
  }

  /** Gets the credentials for the next attempt. */
  credentials(): Credentials | PromiseLike<Credentials> {
    const { params, authToken } = this.#options
    const credentials = [provide(params), provide(authToken)] as const
    if (!credentials.some(isPromise)) return credentials as Credentials
    return Promise.all(credentials).then((resolved) => {
      this.#lastParams = resolved[0]
      return resolved
    })
  }

  /** The URL of the websocket, with the given params or else the current ones. */
  url(params?: object, vsn: string = this.#options.vsn): string {
    // If `params` is a promise, spreading it adds nothing; the last resolved params are used.
    const query = { ...(params ?? this.#lastParams ?? provide(this.#options.params)), vsn }
    return absoluteUrl(appendQuery(this.#path, query))
  }

  /** Starts an attempt. */
  open(transport: Transport, [params, authToken]: Credentials, events: LinkEvents): Link {
    const { serializer, vsn, binaryType, longpollerTimeout } = this.#options
    const textUrl = this.url(params, serializer.longPoll ? vsn : jsonForClient.vsn)
    return transport.open(this.url(params), { textUrl, authToken, binaryType, timeout: longpollerTimeout }, events)
  }

  toString(): string {
    return this.#path
  }
}

/**
 * The URL of the websocket: `/socket` uses the page's host, and `http` becomes `ws`. Without a protocol it is `wss` on
 * an https page and `ws` on any other, because an app's pages are loaded from `capacitor:` or `file:`.
 */
function absoluteUrl(url: string): string {
  if (url.startsWith("/")) {
    if (!globalThis.location) {
      throw new RookeryError("bad_option", "no page here; use a full URL")
    }
    const protocol = location.protocol === "https:" ? "wss" : "ws"
    url = `${protocol}:${url.startsWith("//") ? url : `//${location.host}${url}`}`
  }
  return url.replace(/^http/, "ws")
}
