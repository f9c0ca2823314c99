import { LONGEST_MS } from "../../protocol/clock.js"
import { RookeryError } from "../../protocol/errors.js"
import { DEFAULT_LIMITS, type Limits } from "../../protocol/limits.js"

function check(limits: Partial<Limits>): void {
  for (const [name, value] of Object.entries(limits)) {
    const tooLong = name.endsWith("Ms") && value > LONGEST_MS && value !== Infinity
    if (!(name in DEFAULT_LIMITS) || typeof value !== "number" || !(value > 0) || tooLong) {
      throw new RookeryError(
        "bad_option",
        `limits.${name}: ${value} is no limit; give a number above zero, or Infinity`,
      )
    }
  }
}

/** Bytes of the header of a client's frame with so many bytes. */
const headerOf = (bytes: number): number => (bytes < 126 ? 6 : bytes < 65_536 ? 8 : 14)

/**
 * Completes the given limits with the defaults. Some limits depend on others: if one of those is raised, the dependent
 * limit is raised with it, unless it is given as well. A frame may be no larger than a message, unless it is given too.
 *
 * @throws a `RookeryError` with code `bad_option` for an unknown limit or an invalid value
 */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  check(given)
  const limits = { ...DEFAULT_LIMITS, ...given }
  const { framesPerSecond, frameBurst, joinBurst, connectBurst, tcpConnections, tcpConnectionsPerAddress } =
    DEFAULT_LIMITS
  const { frameBytes, messageWeight, pendingBytes, requestBurst } = DEFAULT_LIMITS
  const { messageBytes, bodyBytes } = limits
  return {
    ...limits,
    frameBytes: given.frameBytes ?? Math.min(frameBytes, messageBytes + headerOf(messageBytes)),
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
    // These two are never unlimited: a request, or a connection that is being closed, must end at some time.
    pollWindowMs: Math.min(limits.pollWindowMs, LONGEST_MS / 2),
    closeMs: Math.min(limits.closeMs, LONGEST_MS),
  }
}

/** The bytes of one channel itself, with those that a turn of the event loop may add. */
const CHANNEL_BYTES = 8192

/**
 * The most memory that one client can make the endpoint keep, in bytes: an incomplete message and what it inflates to,
 * pushes, params of joins, messages that it does not read, and its channels. Memory that handlers keep is not included.
 */
export function mostKept(limits: Limits & { readonly slowClient?: "close" | "drop" }): number {
  const { messageBytes, messageWeight, pendingBytes, joinBytes, queuedBytes, channels, slowClient } = limits
  const unread = slowClient === "drop" ? 2 * queuedBytes : queuedBytes
  return (
    3 * messageBytes + 2 * messageWeight + pendingBytes + joinBytes + unread + queuedBytes + channels * CHANNEL_BYTES
  )
}
