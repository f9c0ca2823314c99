import { firstOrSecond, type FallbackStorage } from "../transport/fallback.js"
import { longPoll } from "../transport/longpoll.js"
import { platformWebSocket } from "../transport/platform.js"
import type { Transport } from "../transport/transport.js"
import type { TransportClass } from "../transport/websocket-class.js"
import { overWebSocket } from "../transport/websocket.js"
import type { WebSocketClass } from "../transport/websocket-like.js"
import type { ResolvedOptions } from "./resolve-options.js"
import type { TransportOption } from "./socket-options.js"

/**
 * The transport for the option: the given one, the one inside a class of ours, or one that wraps a class shaped like
 * `WebSocket`.
 */
export function toTransport(given: TransportOption): Transport {
  if (typeof given !== "function") return given
  return (given as Partial<TransportClass>).transport ?? overWebSocket(given as WebSocketClass)
}

/** The transport that the options request. */
export function chooseTransport(options: ResolvedOptions): Transport {
  const { transport, longPollFallbackMs, sessionStorage, clock } = options
  const chosen = transport ? toTransport(transport) : platformWebSocket() ? overWebSocket() : longPoll()
  if (!longPollFallbackMs || chosen.name === "LongPoll") return chosen
  return firstOrSecond(chosen, longPoll(), longPollFallbackMs, clock, sessionStorage as FallbackStorage | undefined)
}
