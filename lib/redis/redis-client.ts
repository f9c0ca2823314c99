import { RookeryError } from "../protocol/errors.js"

/** The reply to a command. The options of the command say which parts of it are bytes. */
export type RedisReply = unknown

/** Called with each message of a channel that is subscribed. */
export type Listener = (message: Buffer, channel: Buffer) => void

/** The part of a node-redis client that Rookery uses: your client, with any options. */
export interface RedisClient {
  /** Its settings; only the address is used. */
  readonly options?: { readonly socket?: unknown } | undefined
  /** Creates another client with the same settings except these. */
  duplicate(options?: { disableOfflineQueue?: boolean; socket?: object }): RedisClient
  connect(): Promise<unknown>
  destroy(): void
  readonly isReady: boolean
  on(
    event: "error" | "ready" | "end" | "reconnecting" | "sharded-channel-moved",
    listener: (detail?: unknown) => void,
  ): unknown
  sendCommand(
    args: readonly (string | Buffer)[],
    options?: { typeMapping?: Record<number, unknown>; timeout?: number },
  ): Promise<RedisReply>
  subscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown>
  unsubscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown>
  sSubscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown>
  sUnsubscribe(channels: string[], listener: Listener, bufferMode: true): Promise<unknown>
}

/** A master of a Redis Cluster, as node-redis knows it. */
export interface ClusterMaster {
  readonly address: string
  /** Set once {@link ClusterClient.nodeClient} is called, even before the client is connected. */
  readonly client?: RedisClient | undefined
}

/** The part of node-redis's Redis Cluster client that Rookery uses. */
export interface ClusterClient {
  duplicate(options: { minimizeConnections: boolean; rootNodes?: { socket: unknown }[] }): ClusterClient
  connect(): Promise<unknown>
  destroy(): void
  on(event: "error", listener: () => void): unknown
  readonly slots: readonly { readonly master: ClusterMaster }[]
  nodeClient(master: ClusterMaster): Promise<RedisClient>
}

/** The part of node-redis's Sentinel client that Rookery uses. */
export interface SentinelClient {
  duplicate(options: Readonly<Record<string, number | boolean>>): SentinelClient
  connect(): Promise<unknown>
  destroy(): Promise<unknown>
  on(event: "error", listener: () => void): unknown
  /** Undocumented, but part of node-redis's types, and the only way to get a client of the master. */
  _execute<T>(isReadonly: false, work: (master: RedisClient) => Promise<T>): Promise<T>
}

/**
 * The argument of {@link redis}: a client of the package `redis`, with any options. Its own types depend on those
 * options, so this type only distinguishes it from clients of other packages.
 */
export interface NodeRedis {
  readonly isReady: boolean
  readonly isOpen: boolean
  duplicate(...options: never[]): unknown
  connect(): Promise<unknown>
  destroy(): unknown
  sendCommand(...args: never[]): Promise<unknown>
  subscribe(...args: never[]): Promise<unknown>
}

/** A client of node-redis, by the function that made it. */
export type KnownClient =
  | { readonly kind: "createClient"; readonly client: RedisClient }
  | { readonly kind: "createCluster"; readonly client: ClusterClient }
  | { readonly kind: "createSentinel"; readonly client: SentinelClient }

/** Determines the kind of client, for callers without a compiler. */
export function knownClient(given: NodeRedis): KnownClient {
  const client = given as (NodeRedis & Partial<ClusterClient>) | undefined
  if (typeof client?.duplicate === "function" && typeof client.destroy === "function" && "isReady" in client) {
    if (typeof client.nodeClient === "function") {
      return { kind: "createCluster", client: client as unknown as ClusterClient }
    }
    if ("getMasterNode" in client) {
      return { kind: "createSentinel", client: client as unknown as SentinelClient }
    }
    return { kind: "createClient", client: client as unknown as RedisClient }
  }
  throw new RookeryError(
    "bad_option",
    "this is no client of node-redis: npm install redis, and give what its createClient(), createCluster() or createSentinel() makes",
  )
}
