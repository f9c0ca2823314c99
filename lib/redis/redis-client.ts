import { RookeryError } from "../protocol/errors.js"

/** The reply to a command. The options of the command say which parts of it are bytes. */
export type RedisReply = unknown

/** Called with each message of a channel that is subscribed. */
export type Listener = (message: Buffer, channel: Buffer) => void

/** A client of node-redis, as far as it is needed here: yours, of whatever make of its options. */
export interface RedisClient {
  /** Its settings, of which the address is needed. */
  readonly options?: { readonly socket?: unknown } | undefined
  /** A connection more, of the same settings but these. */
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
  /** There once {@link ClusterClient.nodeClient} was called, before it is connected. */
  readonly client?: RedisClient | undefined
}

/** A client of node-redis for a Redis Cluster, as far as it is needed here. */
export interface ClusterClient {
  duplicate(options: { minimizeConnections: boolean; rootNodes?: { socket: unknown }[] }): ClusterClient
  connect(): Promise<unknown>
  destroy(): void
  on(event: "error", listener: () => void): unknown
  readonly slots: readonly { readonly master: ClusterMaster }[]
  nodeClient(master: ClusterMaster): Promise<RedisClient>
}

/** A client of node-redis for the master that Sentinels name, as far as it is needed here. */
export interface SentinelClient {
  duplicate(options: Readonly<Record<string, number | boolean>>): SentinelClient
  connect(): Promise<unknown>
  destroy(): Promise<unknown>
  on(event: "error", listener: () => void): unknown
  /** In the types of node-redis, but not in its documents: nothing else gives a client of the master. */
  _execute<T>(isReadonly: false, work: (master: RedisClient) => Promise<T>): Promise<T>
}

/**
 * The argument of {@link redis}: a client of the package `redis`, with any options. Its own types differ by those
 * options, so this says only how it is told from clients of other packages.
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

/** Finds out what kind of client it is, where no compiler has looked. */
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
