/** A websocket of a platform that does the handshake and the frames itself, and hands over whole messages. */
export interface PlatformSocket {
  /** Bytes that wait to be sent; 0 where the platform does not tell. */
  readonly bufferedAmount: number
  send(data: string | Uint8Array): void
  close(code: number, reason: string): void
  /** Ends the connection without the client's close frame, where the platform can. */
  terminate(): void
}
