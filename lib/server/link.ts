import type { Frame } from "../serializer/serializer.js"
import type { EncodedBroadcast } from "./broadcast.js"
import type { TransportName } from "./events.js"

/** The line of one client, as its socket sees it. Whoever holds the line calls `receive` and `closed` of the socket. */
export interface ServerLink {
  readonly transport: TransportName
  readonly address: string | undefined
  send(frame: Frame): void
  /** `false` if it was not sent: the line is over its limit, and broadcasts are dropped then. */
  broadcast(encoded: EncodedBroadcast): boolean
  /** Ends the line. Nothing is received after that. */
  close(code: number): void
}
