import { DEFAULT_LIMITS, type Limits } from "rookery/server"

/**
 * All limits but the time limits are the defaults. Shorter times let an attack of seconds stand for one of minutes,
 * without more of it at once.
 */
export const LIMITS: Partial<Limits> = {
  handshakeMs: 6000,
  messageMs: 3000,
  pollWindowMs: 2000,
  closeMs: 1000,
  idleMs: 5000,
}

/** The limits of an endpoint that accepts few connections, so that an attack on their number is cheap. */
export const SMALL_LIMITS: Partial<Limits> = {
  ...LIMITS,
  handshakeMs: 1500,
  halfOpen: 100,
  connections: 200,
  connectionsPerAddress: 50,
  tcpConnections: 400,
  tcpConnectionsPerAddress: 100,
  connectsPerSecond: 20,
  connectBurst: 100,
}

/** The number of rooms that the chat keeps. */
export const CHAT_ROOMS = 60

/**
 * The growth of the endpoint's memory that is allowed during an attack: twice the bytes that may wait for clients,
 * because the garbage collector does not free them at once, the bytes remembered for pushes with retry, and the
 * connections, sockets and channels themselves. See "Memory" in docs/LIMITS.md.
 */
export const MEMORY_BOUND: number = 2 * DEFAULT_LIMITS.heldBytes + DEFAULT_LIMITS.heldRetryBytes + 256 * 2 ** 20
/** The bytes that may be left after an attack. */
export const MOST_LEFT: number = 8 * 2 ** 20
