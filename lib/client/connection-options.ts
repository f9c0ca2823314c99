import type { Clock } from "../protocol/clock.js"
import type { BinaryType } from "../protocol/frame.js"
import type { CloseInfo } from "../transport/transport.js"
import type { WhenFull } from "./bounded-buffer.js"
import type { ReconnectPolicy, Status, StatusChange } from "./connection-status.js"
import type { TransportOption } from "./socket-options.js"

/** Options of a {@link Connection}. */
export interface ConnectionOptions {
  /**
   * Whether to connect again when the connection is lost.
   *
   * @default true
   */
  reconnect?: boolean | undefined
  /** How long to wait before the nth attempt in a row, or `false` to give up. @default as for a `Socket` */
  reconnectAfterMs?: ReconnectPolicy | undefined
  /** After how many failed attempts in a row to give up. @default Infinity */
  maxReconnectAttempts?: number | undefined
  /** Parses incoming text as JSON. @default false */
  json?: boolean | undefined
  /** Wraps data that `sendTo` and `{ room }` send to a room. @default (room, data) => ({ room, data }) */
  envelope?: ((room: string, data: unknown) => unknown) | undefined
  /** The transport to the server. @default webSocket() */
  transport?: TransportOption | undefined
  /** How many frames may wait for the connection. @default 1000 */
  bufferSize?: number | undefined
  /** Whether a full buffer refuses the new frame, or drops the oldest. @default "refuse" */
  whenFull?: WhenFull | undefined
  /** The type in which the platform delivers bytes. @default "arraybuffer" */
  binaryType?: BinaryType | undefined
  /** Whether to react to page events, as a `Socket` does. @default true */
  pageEvents?: boolean | undefined
  /** The source of time. */
  clock?: Clock | undefined
  /** The source of randomness: a number from 0 to 1. @default Math.random */
  random?: (() => number) | undefined
}

/** The events of a {@link Connection} and their arguments. */
export type ConnectionEvents = {
  open: []
  /** A string, bytes, or with `{ json: true }` the parsed text. */
  message: [data: unknown]
  close: [info: CloseInfo]
  error: [error: unknown]
  status: [status: Status, change: StatusChange]
}
