import type { Loose } from "../../protocol/contract.js"
import type { Serializer } from "../../serializer/serializer.js"
import type { RenewCredentials } from "./renewal.js"
import type { SocketLimits } from "../api/socket-limits.js"

/** The settings of a client that was let in. */
export interface SocketSetup {
  /** When the client's request came, by the endpoint's clock. */
  readonly startedAt: number
  readonly id: string | null
  readonly assigns: Loose
  readonly serializer: Serializer
  readonly limits: SocketLimits
  /** When its credentials expire, in milliseconds since 1970. */
  readonly expiresAt: number | undefined
  /** Takes new credentials, if the path takes any. */
  readonly renew: RenewCredentials | undefined
  /** The negotiated subprotocol of its websocket, if any. */
  readonly subprotocol: string | undefined
}
