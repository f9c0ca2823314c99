import { RookeryError } from "../protocol/errors.js"
import { DEFAULT_LIMITS, type Limits } from "../protocol/limits.js"

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
export function limitsOf(given: Partial<Limits> = {}): Limits {
  check(given)
  const limits = { ...DEFAULT_LIMITS, ...given }
  const { framesPerSecond, frameBurst, joinBurst, connectBurst, tcpConnections, tcpConnectionsPerAddress } =
    DEFAULT_LIMITS
  return {
    ...limits,
    framesPerSecond: given.framesPerSecond ?? Math.max(framesPerSecond, 5 * limits.pushesPerSecond),
    frameBurst: given.frameBurst ?? Math.max(frameBurst, 5 * limits.pushBurst),
    joinBurst: given.joinBurst ?? Math.max(joinBurst, limits.channels),
    connectBurst: given.connectBurst ?? Math.max(connectBurst, limits.connectionsPerAddress),
    tcpConnections: given.tcpConnections ?? Math.max(tcpConnections, 2 * limits.connections),
    tcpConnectionsPerAddress:
      given.tcpConnectionsPerAddress ?? Math.max(tcpConnectionsPerAddress, 2 * limits.connectionsPerAddress),
    // These two always end: a request, or a line, that stays for ever helps nobody.
    pollWindowMs: Math.min(limits.pollWindowMs, LONGEST_MS / 2),
    closeMs: Math.min(limits.closeMs, LONGEST_MS),
  }
}
