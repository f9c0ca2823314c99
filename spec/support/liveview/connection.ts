/** A connected client as the server sees it, over a websocket or by long-poll. */
export interface LiveConnection {
  /** The path and query of the client's request. */
  readonly url: string
  /** Sends a text frame; one that comes after the client closed is dropped. */
  send(frame: string): void
  /** Closes with a code; 1006 ends the connection without a close frame. */
  close(code: number): void
}

/** Handles the events of connections. */
export interface Listener {
  opened(connection: LiveConnection): void
  received(connection: LiveConnection, frame: string | Buffer): void
  closed(connection: LiveConnection, code: number): void
}
