import type { Clock } from "../protocol/clock.js"
import type { Message } from "../protocol/message.js"
import type { BufferOptions } from "./bounded-buffer.js"
import type { ChannelTable } from "./channel-table.js"
import type { Push } from "./push.js"

/** The socket of a channel, as the channel knows it. Only a `Socket` is one. */
export interface ChannelHost {
  isConnected(): boolean
  /** A ref that this socket has not used yet. */
  makeRef(): string
  log(kind: string, message: string, data?: unknown): void
  /** @internal */
  readonly options: BufferOptions & {
    readonly clock: Clock
    /** Identifies this client at the server. */
    readonly id: string
    readonly timeout: number
    rejoinAfterMs(tries: number): number
  }
  /** @internal */
  readonly isDestroyed: boolean
  /**
   * Rejected pushes whose `receive("timeout")` has not fired yet; the socket stops their timers when it is destroyed.
   * @internal
   */
  readonly lateTimeouts: Set<Push>
  /** Throws if the socket is destroyed; warns unless it is connected soon. @internal */
  expectConnection(): void
  /** @internal */
  readonly channels: ChannelTable
  /** Sends a message, now or when the connection takes it. @internal */
  post(message: Message, push?: Push): void
  /** @internal */
  report(error: unknown): void
}
