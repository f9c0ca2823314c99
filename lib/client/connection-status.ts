/**
 * The status of a connection. `reconnecting` lasts from a lost connection until the next one is open, including the
 * waits.
 */
export type Status = "disconnected" | "connecting" | "connected" | "reconnecting"

/** Why the last connection ended, or why the last attempt failed. */
export interface LostReason {
  /** The close code, if there was a connection. */
  code?: number
  /** The reason in the close frame, if there was one. */
  reason?: string
  /** Whether the connection ended with a close frame of the server. */
  wasClean?: boolean
  /** The last error of the connection; a {@link ConnectError} if the platform says why the server refused it. */
  error?: unknown
}

/** The details of a new {@link Status}. */
export interface StatusChange {
  /** How many attempts in a row have failed. */
  tries: number
  /** Milliseconds until the next attempt, while the socket waits for it. */
  retryInMs?: number | undefined
  /** Why the connection was lost, if it was. */
  lost?: LostReason | undefined
}

/** Says how long to wait before the nth attempt in a row, or `false` to stop trying. */
export type ReconnectPolicy = (tries: number, lost: LostReason) => number | false

/** Why a channel lost its connection, in phoenix.js's words. */
export type DownReason = "connection_closed" | "connection_error" | "heartbeat_timeout"
