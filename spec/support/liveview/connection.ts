/** What a server sees of one client that is connected, over a websocket or by long-poll. */
export interface LiveConnection {
  /** Path and query, as the client asked for it. */
  readonly url: string
  /** Sends a text frame; one that comes after the client closed is dropped. */
  send(frame: string): void
  /** Closes with a code; 1006 ends the connection without a close frame. */
  close(code: number): void
}

/** What happens on connections. */
export interface Listener {
  opened(connection: LiveConnection): void
  received(connection: LiveConnection, frame: string | Buffer): void
  closed(connection: LiveConnection, code: number): void
}
