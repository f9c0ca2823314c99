import type { Loose } from "../../protocol/contract.js"
import type { Limits } from "../../protocol/limits.js"
import type { QueryParams } from "../../protocol/query.js"
import type { TopicContract } from "../../protocol/schema.js"
import type { Serializer } from "../../serializer/serializer.js"
import type { Cluster } from "./cluster.js"
import type { ServerSocket, TransportName } from "./socket.js"
import type { MaybePromise } from "./handlers.js"
import type { Logger } from "./logger.js"

/** Which pages may connect. */
export type Origins = "*" | readonly string[] | ((origin: string) => boolean)

/** The argument of `connect`. */
export interface ConnectRequest<Request = unknown> {
  /** The query, decoded as in Plug: brackets nest names, and the last one of a repeated name counts. */
  readonly params: QueryParams
  /** The client's auth token, or null. */
  readonly authToken: string | null
  readonly transport: TransportName
  /** The HTTP request; `undefined` in process, unless the client was given one. */
  readonly request: Request | undefined
  readonly address: string | undefined
}

/** A client that was let in. */
export interface Connected<Assigns> {
  /**
   * Identifies the client, for example `user:42`. `disconnect`, `kick` and the replies kept for `retry` use it. An id
   * means the same client at every path of the endpoint: if two paths have different users, give them different ids.
   */
  id?: string | null
  /** Data about the client, copied into each of its channels. */
  assigns?: Assigns
  /**
   * When its credentials expire: a date, or milliseconds since 1970. The endpoint then closes the connection with 3401,
   * unless the option `renew` has given it more time. A client of Rookery asks for new credentials and comes back.
   *
   * @default never
   */
  expiresAt?: Date | number
}

/**
 * Lets a client in. Return `false` or throw `Refused` to refuse it. Any other error becomes an HTTP 500 that tells the
 * client nothing.
 */
export type Connect<Assigns, Request = unknown> = (
  request: ConnectRequest<Request>,
) => MaybePromise<Connected<Assigns> | boolean | undefined | void>

/** The new credentials of a client that stays connected. */
export interface RenewRequest<Assigns = Loose> {
  /** The params that a connect would bring now. */
  readonly params: QueryParams
  readonly authToken: string | null
  /** The client. Check that the credentials are those of the same user: `id` and `assigns` stay as they are. */
  readonly socket: ServerSocket<Assigns>
}

/** Credentials that were renewed. */
export interface Renewed {
  /** When the new credentials expire: a date, or milliseconds since 1970. @default as before */
  expiresAt?: Date | number
}

/**
 * Takes new credentials; `false` or a thrown `Refused` refuses them. The connection stays either way, until the
 * credentials that were taken last expire.
 */
export type Renew<Assigns = Loose> = (
  request: RenewRequest<Assigns>,
) => MaybePromise<Renewed | boolean | undefined | void>

/** Options of one path that clients connect to. */
export interface SocketOptions<Assigns = Loose, Request = unknown> {
  /**
   * Decides whether a client is let in.
   *
   * @default every client is let in
   */
  connect?: Connect<Assigns, Request>
  /**
   * Takes new credentials of a client that calls `renew` of `rookery/lifecycle`. It counts as a join for `joinsPerSecond`,
   * and may take as long as `connect`.
   *
   * @default none: the client is answered as by a Phoenix server, which knows no renewal
   */
  renew?: Renew<Assigns>
  /**
   * Whether auth tokens are read, from the subprotocols or the header `x-phoenix-authtoken`.
   *
   * @default true
   */
  authToken?: boolean
  /**
   * The pages that may connect: `"*"`, or origins such as `https://example.com`, `//example.com:8080`,
   * `//*.example.com`.
   *
   * @default those of `host` and of this machine
   */
  origins?: Origins
  /** The host name that pages are served from. */
  host?: string
  /**
   * The serializers that clients can choose from by `vsn`: the first one that serves the requested version is used.
   *
   * @default [json(), jsonV1(), msgpack()]
   */
  serializers?: readonly Serializer[]
  /** Limits other than the defaults. */
  limits?: Partial<Limits>
  /**
   * How to treat a client that reads too slowly: `close` ends its connection, `drop` skips broadcasts for it.
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
   * Whether to negotiate permessage-deflate. It saves bytes, and costs time and memory.
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

/** Options of an endpoint. Its socket options are also the defaults for further paths, see `socket()`. */
export interface EndpointOptions<Topics = Loose, Assigns = Loose, Request = unknown> extends SocketOptions<
  Assigns,
  Request
> {
  /**
   * The contract of both ends: types, or schemas, which also check the params and payloads that clients send. With
   * `topics: contract<Topics>()` the type of `assigns` is inferred from `connect`. With `new Endpoint<Topics>(…)`
   * TypeScript infers nothing more, and `assigns` is `any`: name both, `new Endpoint<Topics, Assigns>(…)`.
   */
  topics?: TopicContract<Topics, Loose>
  /**
   * Where clients connect: `/socket` serves `/socket/websocket` and `/socket/longpoll`.
   *
   * @default "/socket"
   */
  path?: string
  /**
   * Connects the endpoints of several nodes, so that they act as one: `redis(client)` of `rookery/redis`.
   *
   * @default none: the endpoint is the only node, and keeps its data in memory
   */
  cluster?: Cluster
  /**
   * Writes the log; `false` turns the log off.
   *
   * @default warnings and errors to the console
   */
  logger?: Logger | false
}
