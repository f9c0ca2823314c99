import { DEFAULT_LIMITS, type Limits } from "rookery/server"

/**
 * All limits but those of time are the defaults: an attack of seconds stands for one of minutes, and no more of it is
 * there at once.
 */
export const LIMITS: Partial<Limits> = {
  handshakeMs: 6000,
  messageMs: 3000,
  pollWindowMs: 2000,
  closeMs: 1000,
  idleMs: 5000,
}

/** Of an endpoint that lets few connections in, so that an attack on their number is cheap. */
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

/** Rooms that the chat keeps. */
export const CHAT_ROOMS = 60

/**
 * What the memory of the endpoint's process may grow by while it is attacked: twice what may wait for clients, because
 * what was let go is not collected at once, what is remembered of pushes with retry, and the connections, sockets and
 * channels themselves. See "Memory" in
 * docs/LIMITS.md.
 */
export const MEMORY_BOUND: number = 2 * DEFAULT_LIMITS.heldBytes + DEFAULT_LIMITS.heldRetryBytes + 256 * 2 ** 20
/** What may be left of an attack. */
export const MOST_LEFT: number = 8 * 2 ** 20
