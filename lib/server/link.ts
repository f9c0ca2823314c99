import type { Frame } from "../serializer/serializer.js"
import type { TransportName } from "./events.js"
import type { SharedFrame } from "./shared-frame.js"

/** Whoever gets what a client sends. */
export interface LinkOwner {
  receive(frame: Frame): unknown
  /** The line has ended. */
  closed(code: number): void
  /** Something of ours failed. */
  fail(error: unknown): void
}

/** The line of one client, as its socket sees it. Whoever holds the line calls `receive` and `closed` of the socket. */
export interface ServerLink {
  readonly transport: TransportName
  readonly address: string | undefined
  send(frame: Frame): void
  /** `false` if it was not sent: the line is over its limit, and broadcasts are dropped then. */
  broadcast(shared: SharedFrame): boolean
  /** Ends the line. Nothing is received after that. */
  close(code: number, reason?: string): void
}
