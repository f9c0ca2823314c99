import type { Loose } from "../../protocol/contract.js"
import type { Limits } from "../../protocol/limits.js"
import type { QueryParams } from "../../protocol/query.js"
import type { TopicContract } from "../../protocol/schema.js"
import type { Serializer } from "../../serializer/serializer.js"
import type { Cluster } from "./cluster.js"
import type { TransportName } from "./socket.js"
import type { MaybePromise } from "./handlers.js"
import type { Logger } from "./logger.js"

/** Which pages may connect. */
export type Origins = "*" | readonly string[] | ((origin: string) => boolean)

/** What `connect` is asked with. */
export interface ConnectRequest<Request = unknown> {
  /** The query, as Plug reads it: nested names by brackets, of a repeated one the last. */
  readonly params: QueryParams
  /** The client's auth token, or null. */
  readonly authToken: string | null
  readonly transport: TransportName
  /** The HTTP request; undefined in process, unless the client brings one. */
  readonly request: Request | undefined
  readonly address: string | undefined
}

/** A client that was let in. */
export interface Connected<Assigns> {
  /**
   * Names the client, for example `user:42`: `disconnect`, `kick` and the answers kept for `retry` go by it. It is one
   * client at every path of the endpoint, so paths whose people are not the same need ids that differ.
   */
  id?: string | null
  /** What its channels know of it. */
  assigns?: Assigns
}

/** Lets a client in; `false` or a thrown `Refused` keeps it out. Anything else thrown is an HTTP 500 that says nothing. */
export type Connect<Assigns, Request = unknown> = (
  request: ConnectRequest<Request>,
) => MaybePromise<Connected<Assigns> | boolean | undefined | void>

/** Options of one path that clients connect to. */
export interface SocketOptions<Assigns = Loose, Request = unknown> {
  /** Everybody is let in by default. */
  connect?: Connect<Assigns, Request>
  /**
   * Whether auth tokens are read, from the subprotocols or the header `x-phoenix-authtoken`.
   *
   * @default true
   */
  authToken?: boolean
  /**
   * The pages that may connect: `"*"`, or origins as `https://example.com`, `//example.com:8080`, `//*.example.com`.
   *
   * @default those of `host` and of this machine
   */
  origins?: Origins
  /** The host name that pages are served from. */
  host?: string
  /**
   * What clients can speak, picked by `vsn`; the first that serves the version asked for.
   *
   * @default [json(), jsonV1(), msgpack()]
   */
  serializers?: readonly Serializer[]
  /** Limits other than the defaults. */
  limits?: Partial<Limits>
  /**
   * What happens to a client that does not read what it is sent: its line ends, or broadcasts are left out for it.
   *
   * @default "close"
   */
  slowClient?: "close" | "drop"
  /**
   * Whether websockets are served.
   *
   * @default true
   */
  websocket?: boolean
  /**
   * Whether permessage-deflate is agreed on. It saves bytes for time and memory.
   *
   * @default false
   */
  compress?: boolean
  /**
   * Whether long-poll is served.
   *
   * @default true
   */
  longpoll?: boolean
}

/** Options of an endpoint. Those of its socket hold for further sockets too, unless these say otherwise. */
export interface EndpointOptions<Topics = Loose, Assigns = Loose, Request = unknown> extends SocketOptions<
  Assigns,
  Request
> {
  /** The contract of both ends. Types, or schemas that also check what clients send. */
  topics?: TopicContract<Topics, Loose>
  /**
   * Where clients connect: `/socket` serves `/socket/websocket` and `/socket/longpoll`.
   *
   * @default "/socket"
   */
  path?: string
  /**
   * Makes one endpoint of those of several nodes: `redis(client)` of `rookery/redis`.
   *
   * @default none: it is alone, and what it keeps is in its memory
   */
  cluster?: Cluster
  /**
   * Where lines of the log go; `false` for nowhere.
   *
   * @default warnings and errors to the console
   */
  logger?: Logger | false
}
