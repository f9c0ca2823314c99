import { RookeryError } from "../../protocol/errors.js"
import { DEFAULT_LIMITS, type Limits } from "../../protocol/limits.js"

/** Node's timers go no further, and fire at once beyond that. */
const LONGEST_MS = 2 ** 31 - 1

function check(limits: Partial<Limits>): void {
  for (const [name, value] of Object.entries(limits)) {
    const tooLong = name.endsWith("Ms") && value > LONGEST_MS && value !== Infinity
    if (!(name in DEFAULT_LIMITS) || typeof value !== "number" || !(value > 0) || tooLong) {
      throw new RookeryError("bad_option", `limits.${name}: ${value} is none; give a number above zero, or Infinity`)
    }
  }
}

/**
 * The limits that hold where some are given. Some are there to leave room for others: whoever widens those, and says
 * nothing of these, widens both.
 *
 * @throws a `RookeryError` with code `bad_option` for what is no limit
 */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  check(given)
  const limits = { ...DEFAULT_LIMITS, ...given }
  const { framesPerSecond, frameBurst, joinBurst, connectBurst, tcpConnections, tcpConnectionsPerAddress } =
    DEFAULT_LIMITS
  const { messageWeight, pendingBytes, requestBurst } = DEFAULT_LIMITS
  const { messageBytes, bodyBytes } = limits
  return {
    ...limits,
    messageWeight: given.messageWeight ?? Math.max(messageWeight, 8 * messageBytes, 8 * bodyBytes),
    pendingBytes: given.pendingBytes ?? Math.max(pendingBytes, messageBytes, bodyBytes),
    framesPerSecond: given.framesPerSecond ?? Math.max(framesPerSecond, 5 * limits.pushesPerSecond),
    frameBurst: given.frameBurst ?? Math.max(frameBurst, 5 * limits.pushBurst),
    joinBurst: given.joinBurst ?? Math.max(joinBurst, limits.channels),
    connectBurst: given.connectBurst ?? Math.max(connectBurst, limits.connectionsPerAddress),
    requestBurst: given.requestBurst ?? Math.max(requestBurst, 3 * limits.connectionsPerAddress),
    tcpConnections: given.tcpConnections ?? Math.max(tcpConnections, 2 * limits.connections),
    tcpConnectionsPerAddress:
      given.tcpConnectionsPerAddress ?? Math.max(tcpConnectionsPerAddress, 2 * limits.connectionsPerAddress),
    // These two always end: a request, or a line, that stays for ever helps nobody.
    pollWindowMs: Math.min(limits.pollWindowMs, LONGEST_MS / 2),
    closeMs: Math.min(limits.closeMs, LONGEST_MS),
  }
}

/** Bytes that one client may hold besides: of a channel itself, and what a turn of the event loop puts on top. */
const CHANNEL_BYTES = 8192

/**
 * The most memory that one client can make the endpoint keep, in bytes: a message that has not wholly come and what it
 * inflates to, pushes, params of joins, what it does not read, and its channels. What handlers keep is not in it.
 */
export function mostKept(limits: Limits & { readonly slowClient?: "close" | "drop" }): number {
  const { messageBytes, messageWeight, pendingBytes, joinBytes, queuedBytes, channels, slowClient } = limits
  const unread = slowClient === "drop" ? 2 * queuedBytes : queuedBytes
  return (
    3 * messageBytes + 2 * messageWeight + pendingBytes + joinBytes + unread + queuedBytes + channels * CHANNEL_BYTES
  )
}
