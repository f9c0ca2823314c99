import type { Loose } from "../../protocol/contract.js"
import type { Serializer } from "../../serializer/serializer.js"
import type { SocketLimits } from "../api/socket-limits.js"

/** What a client is known by once it was let in. */
export interface SocketSetup {
  readonly id: string | null
  readonly assigns: Loose
  readonly serializer: Serializer
  readonly limits: SocketLimits
  /** The subprotocol of its websocket, if one was agreed on. */
  readonly subprotocol: string | undefined
}
