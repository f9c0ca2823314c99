import { reconnectDelay, rejoinDelay } from "../protocol/backoff.js"
import { systemClock, type Clock } from "../protocol/clock.js"
import { RookeryError } from "../protocol/errors.js"
import type { Loose, MayOmit } from "../protocol/contract.js"
import type { BinaryType } from "../protocol/frame.js"
import type { Message } from "../protocol/message.js"
import { jsonForClient } from "../serializer/json.js"
import type { ClientSerializer, Frame, IncomingFrame } from "../serializer/serializer.js"
import { firstOrSecond, type FallbackStorage } from "../transport/fallback.js"
import { longPoll } from "../transport/longpoll.js"
import { platformWebSocket } from "../transport/platform.js"
import type { Transport } from "../transport/transport.js"
import type { TransportClass } from "../transport/websocket-class.js"
import { overWebSocket, type WebSocketClass } from "../transport/websocket.js"
import { clientName } from "./client-name.js"
import type { WhenFull } from "./outbox.js"
import type { ReconnectPolicy } from "./reconnector.js"

/** A value, a function that gives it, or one that promises it. */
export type Provider<T> = Given<T> | (() => T | PromiseLike<T>)

// A function has a name and a length, and would else pass for params like `{ name: string }`, whatever it gives.
type Given<T> = object extends T ? T : (() => unknown) extends T ? T & { call?: never } : T

/** The value, now or later. */
export const provide = <T>(provider: Provider<T>): T | PromiseLike<T> =>
  typeof provider === "function" ? (provider as () => T | PromiseLike<T>)() : provider

export const isPromise = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> =>
  typeof (value as PromiseLike<T> | undefined)?.then === "function"

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

type Said<Options> = { [Name in keyof Options]?: NonNullable<Options[Name]> }

type LineOption =
  | "reconnectAfterMs"
  | "maxReconnectAttempts"
  | "binaryType"
  | "bufferSize"
  | "whenFull"
  | "pageEvents"
  | "clock"
  | "random"

type LineOptions = Pick<SocketOptions, LineOption>

/** The options of a line with every default filled in. */
type ResolvedLineOptions<Options extends LineOptions> = Said<Options> & {
  [Name in LineOption]: NonNullable<LineOptions[Name]>
}

/** The options with every default filled in. */
export type ResolvedOptions = SocketOptions & { [Name in Defaulted]: NonNullable<SocketOptions[Name]> } & {
  /** What the client goes by at the server; nobody else does. */
  readonly id: string
}

type Defaulted =
  | LineOption
  | "params"
  | "serializer"
  | "timeout"
  | "heartbeatIntervalMs"
  | "rejoinAfterMs"
  | "longpollerTimeout"
  | "vsn"
  | "highWaterMark"

/** The options of a line, whether or not it speaks Phoenix, with every default filled in. */
export function lineOptions<Options extends LineOptions>(given: Options): ResolvedLineOptions<Options> {
  // An option that is said to be undefined or null is one that is not said.
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as Said<Options>
  const random = said.random ?? Math.random
  return {
    reconnectAfterMs: (tries, lost) => reconnectDelay(tries, random, lost.code),
    maxReconnectAttempts: Infinity,
    binaryType: "arraybuffer",
    bufferSize: 1000,
    whenFull: "refuse",
    pageEvents: true,
    clock: systemClock,
    random,
    ...said,
  }
}

export function resolveOptions(given: SocketOptions): ResolvedOptions {
  const said = lineOptions(given)
  const { random, serializer = jsonForClient } = said
  return {
    params: {},
    serializer,
    vsn: serializer.vsn,
    timeout: 10_000,
    heartbeatIntervalMs: 30_000,
    rejoinAfterMs: (tries) => rejoinDelay(tries, random),
    longpollerTimeout: 20_000,
    highWaterMark: 1 << 20,
    id: clientName(given.random ?? undefined),
    ...(said.debug && { logger: (kind, message, data) => console.log(`${kind}: ${message}`, data) }),
    ...said,
  }
}

/** Makes a transport of what was given: itself, a class around one of ours, or any class in the shape of `WebSocket`. */
export function toTransport(given: TransportOption): Transport {
  if (typeof given !== "function") return given
  return (given as Partial<TransportClass>).transport ?? overWebSocket(given as WebSocketClass)
}

/** The transport that the options ask for. */
export function chooseTransport(options: ResolvedOptions): Transport {
  const { transport, longPollFallbackMs, sessionStorage, clock } = options
  const chosen = transport ? toTransport(transport) : platformWebSocket() ? overWebSocket() : longPoll()
  if (!longPollFallbackMs || chosen.name === "LongPoll") return chosen
  return firstOrSecond(chosen, longPoll(), longPollFallbackMs, clock, sessionStorage as FallbackStorage | undefined)
}

/** The URL of the websocket: `/socket` takes the page's host, `//host/socket` its protocol, and `http` becomes `ws`. */
export function absoluteUrl(url: string): string {
  if (url.startsWith("/")) {
    const { location } = globalThis
    if (!location) throw new RookeryError("bad_option", `no page here; use a whole URL`)
    url = location.protocol + (url.startsWith("//") ? url : `//${location.host}${url}`)
  }
  return url.replace(/^http/, "ws")
}
