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

/** Told what the socket does: `kind` is `transport`, `channel`, `push` or `receive`. */
export type Logger = (kind: string, message: string, data?: Loose) => void

/** Called back with these arguments. Who wants to may call them by narrower types, as those of phoenix.js do. */
export type Callback<Arguments extends unknown[]> = { call(...args: Arguments): void }["call"]

/**
 * A way to the server, or a class in the shape of `WebSocket`, as phoenix.js takes it. The last form is the type that
 * `@types/phoenix` gives such a class.
 */
export type TransportOption = Transport | WebSocketClass | (new (endpoint: string) => object)

/** Options of a `Socket`. Those of phoenix.js have its names and its defaults. */
export interface SocketOptions {
  /** Sent with every attempt to connect, and asked for anew each time if it is a function, which may be async. */
  params?: Provider<object> | undefined
  /** Sent as a subprotocol, or in a header by long-poll, so that it stays out of URLs and logs. */
  authToken?: Provider<string | undefined>
  /** What messages look like on the wire. @default json() */
  serializer?: ClientSerializer | undefined
  /** The way to the server. @default webSocket(), or longPoll() where there is no WebSocket */
  transport?: TransportOption | undefined
  /** How long to wait for an answer, in milliseconds. @default 10000 */
  timeout?: number | undefined
  /** How long after the server's last answer to ask for a sign of life. @default 30000 */
  heartbeatIntervalMs?: number | undefined
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
  /** Falls back to long-poll when the websocket does not work within this time. @default never */
  longPollFallbackMs?: number | undefined
  /** How long one request of long-poll may take. @default 20000 */
  longpollerTimeout?: number | undefined
  /** Told what the socket does, payloads included. */
  logger?: Logger | null | undefined
  /** Logs to the console. @default false */
  debug?: boolean | undefined
  /** The version to ask the server for, whatever the serializer says. */
  vsn?: string | undefined
  /** How a websocket hands over bytes. @default "arraybuffer" */
  binaryType?: BinaryType | undefined
  /**
   * Where a fallback to long-poll is remembered: a {@link FallbackStorage}, which `@types/phoenix` calls an `object`.
   *
   * @default the page's sessionStorage
   */
  sessionStorage?: FallbackStorage | object | undefined
  /** Writes messages instead of the serializer, as in phoenix.js. */
  encode?: Callback<[message: Message<Loose>, callback: (frame: Frame | ArrayBuffer) => void]> | undefined
  /** Reads frames instead of the serializer, as in phoenix.js. */
  decode?: Callback<[frame: IncomingFrame, callback: (message: Message) => void]> | undefined
  /**
   * How many messages may wait, in each channel for its join and in the socket for the line.
   *
   * @default 1000
   */
  bufferSize?: number | undefined
  /** What a full buffer does: turn the new message away, or give up the oldest. @default "refuse" */
  whenFull?: WhenFull | undefined
  /** With more bytes than this waiting in the transport, pushes wait in the socket. @default 1 MiB */
  highWaterMark?: number | undefined
  /**
   * Whether to follow the page: no attempts while nobody looks, an attempt at once when somebody does or the network is
   * back, and no open line to keep it out of the back/forward cache.
   *
   * @default true
   */
  pageEvents?: boolean | undefined
  /** Where time comes from. */
  clock?: Clock | undefined
  /** Where chance comes from: a number from 0 to 1. @default Math.random */
  random?: (() => number) | undefined
}

/** Options of {@link Socket.opened}. */
export interface OpenedOptions {
  /** How long to wait, in milliseconds. @default for ever */
  timeout?: number | undefined
  signal?: AbortSignal | undefined
}

/** Params may be left out where the contract asks for none; they may be a function, and that may be async. */
export type ParamsArgument<Params> =
  MayOmit<Params> extends true ? [params?: Provider<Params> | undefined] : [params: Provider<Params>]
