import type { Frame } from "../serializer/serializer.js"
import type { TransportName } from "./events.js"

/** A frame that goes to many clients, made into what their lines need when the first of them needs it. */
export interface SharedFrame {
  /** As a serializer made it; `undefined` if it could not. */
  frame(): Frame | undefined
  /** The same as a websocket frame. */
  wire(): Buffer | undefined
  /** The same as a websocket frame, deflated; `narrow` for a client whose window is less than 32 KiB. */
  deflated(narrow: boolean): Buffer | undefined
}

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
