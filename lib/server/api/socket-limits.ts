import type { Limits } from "../../protocol/limits.js"

/** The limits of one socket, with the policy for slow clients. */
export interface SocketLimits extends Limits {
  /** What happens to a client that does not read: `close` ends its connection, `drop` leaves broadcasts out. */
  readonly slowClient: "close" | "drop"
}
