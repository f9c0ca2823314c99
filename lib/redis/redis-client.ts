import { RookeryError } from "../protocol/errors.js"

/** The reply to a command. The options of the command say which parts of it are bytes. */
export type RedisReply = unknown

/** A client of node-redis, as far as it is needed here: yours, of whatever make of its options. */
export interface RedisClient {
  /** A connection more, of the same settings but these. */
  duplicate(options?: { disableOfflineQueue?: boolean }): RedisClient
  connect(): Promise<unknown>
  destroy(): void
  readonly isReady: boolean
  on(event: "error" | "ready" | "end" | "reconnecting", listener: (error?: unknown) => void): unknown
  sendCommand(
    args: readonly (string | Buffer)[],
    options?: { typeMapping?: Record<number, unknown>; timeout?: number },
  ): Promise<RedisReply>
  subscribe(
    channels: string[],
    listener: (message: Buffer, channel: Buffer) => void,
    bufferMode: true,
  ): Promise<unknown>
  unsubscribe(
    channels: string[],
    listener: (message: Buffer, channel: Buffer) => void,
    bufferMode: true,
  ): Promise<unknown>
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
  destroy(): void
  sendCommand(...args: never[]): Promise<unknown>
  subscribe(...args: never[]): Promise<unknown>
}

/** Sees to it that it is one, where no compiler has looked. */
export function nodeRedis(given: NodeRedis): RedisClient {
  const client = given as NodeRedis | undefined
  if (typeof client?.duplicate === "function" && typeof client.destroy === "function" && "isReady" in client) {
    return client as unknown as RedisClient
  }
  throw new RookeryError(
    "bad_option",
    "this is no client of node-redis: npm install redis, and give what its createClient() makes",
  )
}
