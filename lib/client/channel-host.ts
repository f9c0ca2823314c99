import type { Clock } from "../protocol/clock.js"
import type { Message } from "../protocol/message.js"
import type { ChannelTable } from "./channel-table.js"
import type { WhenFull } from "./outbox.js"
import type { Push } from "./push.js"
import type { DownReason } from "./reconnector.js"

/** What a socket needs of its channels, whatever their types. @internal */
export interface ChannelEnd {
  readonly topic: string
  receive(message: Message): void
  onConnOpen(): void
  onConnDown(reason: DownReason): void
  leave(): unknown
  destroy(): void
}

/** What a channel needs of its socket. @internal */
export interface ChannelHost {
  readonly options: {
    readonly clock: Clock
    /** What the client goes by at the server; nobody else does. */
    readonly id: string
    readonly timeout: number
    readonly bufferSize: number
    readonly whenFull: WhenFull
    rejoinAfterMs(tries: number): number
  }
  isConnected(): boolean
  makeRef(): string
  /** Sends a message, now or when it can. */
  post(message: Message, push?: Push): void
  readonly channels: ChannelTable
  /** Pushes that failed and still owe their `receive("timeout")`. */
  readonly owing: Set<Push>
  report(error: unknown): void
  log(kind: string, message: string, data?: unknown): void
}
