/** What a command answers; how much of it is bytes is said with the command. */
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
