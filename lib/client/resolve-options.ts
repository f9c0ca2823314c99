import { reconnectDelay, rejoinDelay } from "../protocol/backoff.js"
import { systemClock } from "../protocol/clock.js"
import { jsonForClient } from "../serializer/json.js"
import { clientName } from "./client-name.js"
import type { SocketOptions } from "./socket-options.js"

/** The options that are neither undefined nor null. */
type Given<Options> = { [Name in keyof Options]?: NonNullable<Options[Name]> }

type ConnectionOption =
  | "reconnectAfterMs"
  | "maxReconnectAttempts"
  | "binaryType"
  | "bufferSize"
  | "whenFull"
  | "pageEvents"
  | "clock"
  | "random"

type ConnectionOptions = Pick<SocketOptions, ConnectionOption>

type ResolvedConnectionOptions<Options extends ConnectionOptions> = Given<Options> & {
  [Name in ConnectionOption]: NonNullable<ConnectionOptions[Name]>
}

type Defaulted =
  | ConnectionOption
  | "params"
  | "serializer"
  | "timeout"
  | "heartbeatIntervalMs"
  | "wakeTimeoutMs"
  | "rejoinAfterMs"
  | "longpollerTimeout"
  | "vsn"
  | "highWaterMark"

/** The options of a socket with every default filled in. */
export type ResolvedOptions = SocketOptions & { [Name in Defaulted]: NonNullable<SocketOptions[Name]> } & {
  /** Identifies this client at the server, so that a push with `retry` takes effect once. */
  readonly id: string
}

/** Fills in the defaults that a `Socket` and a plain `Connection` share. An undefined or null option gets its default. */
export function resolveConnectionOptions<Options extends ConnectionOptions>(
  options: Options,
): ResolvedConnectionOptions<Options> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value != null)) as Given<Options>
  const random = given.random ?? Math.random
  return {
    reconnectAfterMs: (tries, lost) => reconnectDelay(tries, random, lost.wasClean && lost.code),
    maxReconnectAttempts: Infinity,
    binaryType: "arraybuffer",
    bufferSize: 1000,
    whenFull: "refuse",
    pageEvents: true,
    clock: systemClock,
    random,
    ...given,
  }
}

/** Fills in the defaults of a `Socket`. */
export function resolveOptions(options: SocketOptions): ResolvedOptions {
  const given = resolveConnectionOptions(options)
  const { random, serializer = jsonForClient } = given
  return {
    params: {},
    serializer,
    vsn: serializer.vsn,
    timeout: 10_000,
    heartbeatIntervalMs: 30_000,
    wakeTimeoutMs: 2000,
    rejoinAfterMs: (tries) => rejoinDelay(tries, random),
    longpollerTimeout: 20_000,
    highWaterMark: 1 << 20,
    id: clientName(options.random),
    ...(given.debug && { logger: (kind, message, data) => console.log(`${kind}: ${message}`, data) }),
    ...given,
  }
}
