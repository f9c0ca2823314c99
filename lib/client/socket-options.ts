import type { Clock } from "../protocol/clock.js"
import type { Loose, MayOmit } from "../protocol/contract.js"
import type { BinaryType } from "../protocol/frame.js"
import type { Message } from "../protocol/message.js"
import type { ClientSerializer, Frame, IncomingFrame } from "../serializer/serializer.js"
import type { FallbackStorage } from "../transport/fallback.js"
import type { Transport } from "../transport/transport.js"
import type { WebSocketClass } from "../transport/websocket-like.js"
import type { WhenFull } from "./bounded-buffer.js"
import type { ReconnectPolicy } from "./connection-status.js"
import type { Provider } from "./provider.js"

/** Logs the socket's work: `kind` is `transport`, `channel`, `push` or `receive`. */
export type Logger = (kind: string, message: string, data?: Loose) => void

/** A callback with these arguments, which may declare narrower types for them, as callbacks for phoenix.js do. */
export type Callback<Arguments extends unknown[]> = { call(...args: Arguments): void }["call"]

/**
 * A transport, or a class in the shape of `WebSocket`, as in phoenix.js. The last form is the type of such a class in
 * `@types/phoenix`.
 */
export type TransportOption = Transport | WebSocketClass | (new (endpoint: string) => object)

/** Options of a `Socket`. Options of phoenix.js have the same names and defaults. */
export interface SocketOptions {
  /** Sent with every attempt to connect. A function, which may be async, is called for each attempt. */
  params?: Provider<object> | undefined
  /** Sent as a subprotocol, or in a header by long-poll, so that it stays out of URLs and logs. */
  authToken?: Provider<string | undefined>
  /** The encoding of messages on the wire. @default json() */
  serializer?: ClientSerializer | undefined
  /** The transport to the server. @default webSocket(), or longPoll() if there is no WebSocket */
  transport?: TransportOption | undefined
  /** How long to wait for a reply, in milliseconds. @default 10000 */
  timeout?: number | undefined
  /** How long after the server's last reply to send the next heartbeat, in milliseconds. @default 30000 */
  heartbeatIntervalMs?: number | undefined
  /**
   * How long the server may take to answer the heartbeat that is sent when the page is shown again or the network is
   * back, in milliseconds. A connection that looks open is often dead then.
   *
   * @default 2000
   */
  wakeTimeoutMs?: number | undefined
  /**
   * How long to wait before the nth attempt in a row, or `false` to give up.
   *
   * @default 10, 50, 100, 150, 200, 250, 500, 1000, 2000, then 5000, with jitter
   */
  reconnectAfterMs?: ReconnectPolicy | undefined
  /** After how many failed attempts in a row to give up. @default Infinity */
  maxReconnectAttempts?: number | undefined
  /** How long to wait before the nth attempt to join again. @default 1000, 2000, 5000, then 10000, with jitter */
  rejoinAfterMs?: ((tries: number) => number) | undefined
  /** Falls back to long-poll if the websocket does not open within this time, in milliseconds. @default never */
  longPollFallbackMs?: number | undefined
  /** How long one long-poll request may take, in milliseconds. @default 20000 */
  longpollerTimeout?: number | undefined
  /** Logs the socket's work, payloads included. */
  logger?: Logger | null | undefined
  /** Logs to the console. @default false */
  debug?: boolean | undefined
  /** The protocol version to ask the server for. @default the serializer's */
  vsn?: string | undefined
  /** The type in which a websocket delivers bytes. @default "arraybuffer" */
  binaryType?: BinaryType | undefined
  /**
   * The store that remembers a fallback to long-poll: a {@link FallbackStorage}, which `@types/phoenix` calls an `object`.
   *
   * @default the page's sessionStorage
   */
  sessionStorage?: FallbackStorage | object | undefined
  /** Encodes messages instead of the serializer, as in phoenix.js. */
  encode?: Callback<[message: Message<Loose>, callback: (frame: Frame | ArrayBuffer) => void]> | undefined
  /** Decodes frames instead of the serializer, as in phoenix.js. */
  decode?: Callback<[frame: IncomingFrame, callback: (message: Message) => void]> | undefined
  /**
   * How many messages may wait, in each channel until it has joined and in the socket until it is connected.
   *
   * @default 1000
   */
  bufferSize?: number | undefined
  /** Whether a full buffer refuses the new message, or drops the oldest. @default "refuse" */
  whenFull?: WhenFull | undefined
  /** While the transport buffers more bytes than this, pushes wait in the socket. @default 1 MiB */
  highWaterMark?: number | undefined
  /**
   * Whether to react to page events: no attempts while the page is hidden, an attempt at once when it is shown or the
   * network comes back, and no open connection in a page that enters the back/forward cache.
   *
   * @default true
   */
  pageEvents?: boolean | undefined
  /** The source of time. */
  clock?: Clock | undefined
  /** The source of randomness: a number from 0 to 1. @default Math.random */
  random?: (() => number) | undefined
}

/** Options of {@link Socket.opened} and of {@link Connection.connect}. */
export interface OpenedOptions {
  /** How long to wait, in milliseconds. @default forever */
  timeout?: number | undefined
  signal?: AbortSignal | undefined
}

/** Params are optional if the contract requires none. They may be a function, which may be async. */
export type ParamsArgument<Params> =
  MayOmit<Params> extends true ? [params?: Provider<Params> | undefined] : [params: Provider<Params>]
