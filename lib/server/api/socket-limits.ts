import type { Limits } from "../../protocol/limits.js"

/** The limits of one socket, with the policy for slow clients. */
export interface SocketLimits extends Limits {
  /** How to treat a client that reads too slowly: `close` ends its connection, `drop` skips broadcasts for it. */
  readonly slowClient: "close" | "drop"
}
